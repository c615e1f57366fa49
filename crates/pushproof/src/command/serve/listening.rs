//! Where `serve` listens: on both loopback addresses, because clients differ in which of them `localhost` is.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::net::TcpListener;

use crate::command::Problem;

/// How many free ports are tried before one is that is free on both addresses.
const TRIES_MAX: usize = 16;

/// The listeners, all on one port, and that port: a free one for 0. On a machine without IPv6 there is one listener.
pub(super) async fn loopback(port: u16) -> Result<(Vec<TcpListener>, u16), Problem> {
    let mut tries = TRIES_MAX;
    loop {
        match both(port).await {
            Ok(listening) => return Ok(listening),
            // Somebody else has the port on the other address, and would be taken for the sandbox.
            Err(error) if port == 0 && error.kind() == ErrorKind::AddrInUse && tries > 1 => {
                tries -= 1
            }
            Err(error) => {
                let what = match error.kind() {
                    ErrorKind::AddrInUse => {
                        format!("port {port} is taken, perhaps by a sandbox that still runs")
                    }
                    _ => format!("listening on port {port}: {error}"),
                };
                return Err(
                    Problem::usage(what).hint("choose another with --port, or 0 for a free one")
                );
            }
        }
    }
}

async fn both(port: u16) -> io::Result<(Vec<TcpListener>, u16)> {
    let first = TcpListener::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), port)).await?;
    let port = first.local_addr()?.port();
    match TcpListener::bind((IpAddr::V6(Ipv6Addr::LOCALHOST), port)).await {
        Ok(second) => Ok((vec![first, second], port)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        // No IPv6 here.
        Err(_) => Ok((vec![first], port)),
    }
}
