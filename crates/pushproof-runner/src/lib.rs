//! Drives sessions against targets: HTTP client, clocks, providers of users, devices and messages, dispatch, the sandbox's socket.
