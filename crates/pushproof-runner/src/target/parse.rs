//! Reads a target file; every mistake in it is found in one pass, each with its place.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use pushproof_report::Secret;
use pushproof_scenario::fields::{Fields, Reader};
use pushproof_scenario::grammar::{Map, Words};
use pushproof_scenario::yaml::{self, Kind, Node};
use pushproof_scenario::{Diagnostic, Source, Span, Spanned};

use super::grammar::{self, DRIVERS, Driver, PROVIDERS, Provider};
use super::{Authority, Client, Devices, Limits, Load, Resolve, SecretRef, Target, Tls, Users};

/// Reads a target. Relative paths are relative to `folder`, the target file's own; secrets are looked up by `resolve`.
///
/// # Errors
/// Everything that is wrong with the file (`E01xx`), its URLs (`E0303`, `E0304`), its numbers (`E0305`) and its secrets (`E0301`, `E0302`).
pub fn parse(
    source: &Arc<Source>,
    folder: &Path,
    resolve: Resolve<'_>,
) -> Result<Target, Vec<Diagnostic>> {
    let root = yaml::parse(source).map_err(|problem| vec![*problem])?;
    let reader = Reader::new(source);
    let file = File {
        reader: &reader,
        folder,
        resolve,
        written_out: RefCell::default(),
    };
    let target = file.target(&root);
    let written_out = file.written_out.into_inner();
    let problems = masked(reader.into_problems(), source, &written_out);
    match target {
        Some(target) if !problems.iter().any(Diagnostic::is_error) => Ok(target),
        Some(_) | None => Err(problems),
    }
}

struct File<'a> {
    reader: &'a Reader,
    folder: &'a Path,
    resolve: Resolve<'a>,
    /// Where somebody has written a secret out.
    written_out: RefCell<Vec<Span>>,
}

/// The problems as they may be shown: what was written out against the rules is not repeated on a terminal or in a CI log.
fn masked(mut problems: Vec<Diagnostic>, source: &Source, spans: &[Span]) -> Vec<Diagnostic> {
    if spans.is_empty() {
        return problems;
    }
    let mut text = source.text().to_owned();
    for span in spans {
        let range = span.start as usize..span.end as usize;
        // As many bytes as before, so that every span still fits.
        text.replace_range(range.clone(), &"*".repeat(range.len()));
    }
    let source = Source::new(source.path(), text);
    for problem in &mut problems {
        problem.source = Arc::clone(&source);
    }
    problems
}

/// The switch that every `settings` hook has.
const SWITCH_UNSAID: &str = "recovery_codes";

impl File<'_> {
    fn target(&self, root: &Node) -> Option<Target> {
        let mut fields = self.reader.map(root, &grammar::TARGET)?;
        self.reader.format(&mut fields);
        let name = fields.need_text("target");
        let base_url = fields.need("base_url").and_then(|node| self.base_url(node));
        let dialect = fields.need_text("dialect");
        let (settings, switches) = fields
            .take("settings")
            .and_then(|node| self.settings(node))
            .unzip();
        let target = Target {
            endpoints: fields
                .take("endpoints")
                .map(|node| self.endpoints(node))
                .unwrap_or_default(),
            inputs: fields
                .take("inputs")
                .map(|node| self.inputs(node))
                .unwrap_or_default(),
            profile: fields.text("profile").map(|text| text.value),
            client: fields.take("client").and_then(|node| self.client(node)),
            clients: fields
                .take("clients")
                .map(|node| self.clients(node))
                .unwrap_or_default(),
            features: fields.take("features").map(|node| self.features(node)),
            users: fields.take("users").and_then(|node| self.users(node)),
            devices: fields.take("devices").and_then(|node| self.devices(node)),
            messages: fields
                .take("messages")
                .and_then(|node| self.section(node, &grammar::MESSAGES, "inbox", &["address"])),
            settings,
            switches: switches.unwrap_or_default(),
            clock: fields
                .take("clock")
                .and_then(|node| self.section(node, &grammar::CLOCK, "advance", &[])),
            lifetimes: fields
                .take("lifetimes")
                .map(|node| self.lifetimes(node))
                .unwrap_or_default(),
            tls: fields
                .take("tls")
                .and_then(|node| self.tls(node))
                .unwrap_or_default(),
            proxy: fields.take("proxy").and_then(|node| self.proxy(node)),
            limits: fields
                .take("limits")
                .and_then(|node| self.limits(node))
                .unwrap_or_default(),
            load: fields
                .take("load")
                .and_then(|node| self.load(node))
                .unwrap_or_default(),
            lacks: BTreeMap::new(),
            name: String::new(),
            base_url: String::new(),
            dialect: String::new(),
        };
        fields.finish();
        Some(Target {
            name: name?.value,
            base_url: base_url?,
            dialect: dialect?.value,
            ..target
        })
    }

    fn client(&self, node: &Node) -> Option<Client> {
        let mut fields = self.reader.map(node, &grammar::CLIENT)?;
        let id = fields.need_text("id");
        let written = fields.take("secret");
        let secret = written.and_then(|node| self.secret(node));
        let auth = fields.take("auth");
        let auth = auth.and_then(|node| self.reader.word(node, "`auth`", &grammar::AUTHS));
        fields.finish();
        Some(Client {
            id: id?.value,
            secret,
            auth: auth.unwrap_or_default(),
            place: Some(self.place(node)),
        })
    }

    fn place(&self, node: &Node) -> String {
        let place = self.reader.source().place(node.span);
        format!("{}:{}", place.file, place.line)
    }

    /// The names are the dialect's; whether it knows them is found when both are there.
    fn endpoints(&self, node: &Node) -> BTreeMap<String, String> {
        let path = |entry: &yaml::Entry| {
            let text = self.reader.text(&entry.value, "an endpoint")?;
            let is_path = text.value.starts_with('/')
                && text
                    .value
                    .parse::<http::uri::PathAndQuery>()
                    .is_ok_and(|path| path.query().is_none() && path.as_str() == text.value);
            if !is_path {
                let message = format!("`{}` is not a path", text.value);
                let help = "write a path below `base_url`, such as `/oauth/token`";
                self.reader
                    .error_with_help("E0303", text.span, message, help);
                return None;
            }
            Some((entry.key.clone(), text.value))
        };
        let entries = self.reader.entries(node, "`endpoints`");
        entries.iter().filter_map(path).collect()
    }

    fn inputs(&self, node: &Node) -> BTreeMap<String, String> {
        let input = |entry: &yaml::Entry| {
            let text = self.reader.text(&entry.value, "an input")?;
            Some((entry.key.clone(), text.value))
        };
        let entries = self.reader.entries(node, "`inputs`");
        entries.iter().filter_map(input).collect()
    }

    fn clients(&self, node: &Node) -> BTreeMap<String, Client> {
        let Some(mut fields) = self.reader.map(node, &grammar::CLIENTS) else {
            return BTreeMap::new();
        };
        let clients = grammar::CLIENTS
            .keys()
            .filter_map(|role| Some((role.name.to_owned(), self.client(fields.take(role.name)?)?)))
            .collect();
        fields.finish();
        clients
    }

    /// The names are the dialect's; whether it knows them is found when both are there.
    fn features(&self, node: &Node) -> BTreeMap<String, String> {
        let items = self.reader.list(node, "`features`");
        let feature = |item: &Node| {
            let name = self.reader.text(item, "a feature")?;
            Some((name.value, self.place(item)))
        };
        items.iter().filter_map(feature).collect()
    }

    fn users(&self, node: &Node) -> Option<Users> {
        let mut fields = self.reader.map(node, &grammar::USERS)?;
        let provider = self.kind(&mut fields, "provider", "user provider", &PROVIDERS);
        let users = match provider? {
            Provider::ManagementApi => self.management(&mut fields),
            Provider::Pool => fields.need_text("file").map(|file| Users::Pool {
                file: self.path(&file),
            }),
            Provider::Hook => fields
                .need("url")
                .and_then(|node| self.url(node, "`url`", &[]))
                .map(|url| Users::Hook { url }),
        };
        fields.finish();
        users
    }

    /// Takes the word that says what a section is; from there on only what belongs to it is known.
    fn kind<T: Copy + Sync + std::fmt::Debug>(
        &self,
        fields: &mut Fields<'_>,
        key: &'static str,
        what: &str,
        words: &'static Words<T>,
    ) -> Option<T> {
        let node = fields.need(key)?;
        let kind = self.reader.word(node, what, words)?;
        if let Kind::Scalar { text, .. } = &node.kind {
            fields.narrow(text);
        }
        Some(kind)
    }

    fn management(&self, fields: &mut Fields<'_>) -> Option<Users> {
        let connection = fields.need_text("connection");
        let (token, client) = (fields.take("token"), fields.take("client"));
        let authority = match (token, client) {
            (Some(token), None) => self.secret(token).map(Authority::Token),
            (None, Some(client)) => self.client(client).map(Authority::Client),
            (Some(_), Some(_)) | (None, None) => {
                let span = Span::new(fields.span().start, fields.span().start + 1);
                self.reader
                    .error("E0102", span, "`users` needs either `token` or `client`");
                None
            }
        };
        Some(Users::ManagementApi {
            authority: authority?,
            connection: connection?.value,
        })
    }

    fn devices(&self, node: &Node) -> Option<Devices> {
        let mut fields = self.reader.map(node, &grammar::DEVICES)?;
        let driver = self.kind(&mut fields, "driver", "device driver", &DRIVERS);
        let devices = match driver? {
            Driver::Guardian => {
                let inbox = fields
                    .need("inbox")
                    .and_then(|node| self.inbox_of_pushes(node));
                inbox.map(|inbox| Devices::Guardian { inbox })
            }
            Driver::Hook => {
                let url = fields
                    .need("url")
                    .and_then(|node| self.url(node, "`url`", &["action", "user", "with."]));
                url.map(|url| Devices::Hook { url })
            }
            Driver::Command => fields.need("command").and_then(|node| self.command(node)),
            Driver::Human => Some(Devices::Human),
        };
        fields.finish();
        devices
    }

    /// One inbox for all phones would give each the pushes of the others.
    fn inbox_of_pushes(&self, node: &Node) -> Option<String> {
        let url = self.url(node, "`inbox`", &["push_token"])?;
        // Another placeholder has been found fault with already.
        if without_holes(&url).1.is_empty() {
            self.reader.error_with_help(
                "E0303",
                node.span,
                "`inbox` does not say whose pushes it wants",
                "put `{push_token}` where the token belongs that the phone registered, such as `http://127.0.0.1:4010/inbox/{push_token}`",
            );
            return None;
        }
        Some(url)
    }

    fn command(&self, node: &Node) -> Option<Devices> {
        let items = self.reader.list(node, "`command`");
        if items.is_empty() {
            self.reader.error("E0103", node.span, "`command` is empty");
        }
        let words: Option<Vec<_>> = items
            .iter()
            .map(|item| self.reader.text(item, "a word of `command`"))
            .collect();
        let mut words = words?;
        let program = words.first_mut()?;
        // A bare name is looked for on the path, as a shell does it; what has a slash is a path.
        if program.value.contains('/') {
            program.value = self.path(program).to_string_lossy().into_owned();
        }
        Some(Devices::Command {
            command: words.into_iter().map(|word| word.value).collect(),
        })
    }

    /// A section that is one URL.
    fn section(
        &self,
        node: &Node,
        map: &'static Map,
        key: &'static str,
        holes: &[&str],
    ) -> Option<String> {
        let mut fields = self.reader.map(node, map)?;
        let url = fields
            .need(key)
            .and_then(|node| self.url(node, &format!("`{key}`"), holes));
        fields.finish();
        url
    }

    fn settings(&self, node: &Node) -> Option<(String, Vec<String>)> {
        let mut fields = self.reader.map(node, &grammar::SETTINGS)?;
        let url = fields
            .need("url")
            .and_then(|node| self.url(node, "`url`", &[]));
        let said = fields.texts("switches").into_iter();
        let said: Vec<String> = said.map(|name| name.value).collect();
        fields.finish();
        let switches = if said.is_empty() {
            vec![SWITCH_UNSAID.to_owned()]
        } else {
            said
        };
        Some((url?, switches))
    }

    fn lifetimes(&self, node: &Node) -> BTreeMap<String, Duration> {
        let entries = self.reader.entries(node, "`lifetimes`").iter();
        let lifetime = |entry: &yaml::Entry| {
            self.reader
                .duration(&entry.value, &format!("`{}`", entry.key))
        };
        entries
            .filter_map(|entry| Some((entry.key.clone(), lifetime(entry)?)))
            .collect()
    }

    fn tls(&self, node: &Node) -> Option<Tls> {
        let mut fields = self.reader.map(node, &grammar::TLS)?;
        let tls = Tls {
            ca: fields.text("ca").map(|file| self.path(&file)),
            insecure: self.flag(&mut fields, "insecure"),
        };
        fields.finish();
        Some(tls)
    }

    fn proxy(&self, node: &Node) -> Option<String> {
        let text = self.reader.text(node, "`proxy`")?;
        if text.value == "none" {
            None
        } else {
            self.url(node, "`proxy`", &[])
        }
    }

    fn limits(&self, node: &Node) -> Option<Limits> {
        let mut fields = self.reader.map(node, &grammar::LIMITS)?;
        let default = Limits::default();
        let limits = Limits {
            requests_per_second: self.positive(&mut fields, "requests_per_second"),
            concurrency: self
                .positive(&mut fields, "concurrency")
                .unwrap_or(default.concurrency),
            pushes: fields
                .take("pushes")
                .and_then(|node| self.reader.count(node, "`pushes`")),
            wait: fields.duration("wait").unwrap_or(default.wait),
            timeout: self.timeout(&mut fields).unwrap_or(default.timeout),
        };
        fields.finish();
        Some(limits)
    }

    fn timeout(&self, fields: &mut Fields<'_>) -> Option<Duration> {
        let node = fields.take("timeout")?;
        let timeout = self.reader.duration(node, "`timeout`")?;
        if timeout.is_zero() {
            self.reader
                .error("E0305", node.span, "`timeout` must be more than nothing");
            return None;
        }
        Some(timeout)
    }

    fn load(&self, node: &Node) -> Option<Load> {
        let mut fields = self.reader.map(node, &grammar::LOAD)?;
        let load = Load {
            allow: self.flag(&mut fields, "allow"),
            rps_max: self.positive(&mut fields, "max_rps"),
        };
        fields.finish();
        Some(load)
    }

    fn flag(&self, fields: &mut Fields<'_>, key: &'static str) -> bool {
        let node = fields.take(key);
        node.and_then(|node| self.reader.boolean(node, &format!("`{key}`")))
            .unwrap_or_default()
    }

    fn positive(&self, fields: &mut Fields<'_>, key: &'static str) -> Option<u32> {
        let node = fields.take(key)?;
        let count = self.reader.count(node, &format!("`{key}`"))?;
        if count == 0 {
            self.reader
                .error("E0305", node.span, format!("`{key}` must be at least 1"));
            return None;
        }
        Some(count)
    }

    fn path(&self, text: &Spanned<String>) -> PathBuf {
        self.folder.join(&text.value)
    }

    fn secret(&self, node: &Node) -> Option<Secret> {
        if let Kind::Scalar { .. } = node.kind {
            self.written_out.borrow_mut().push(node.span);
            let help = "write `{ env: NAME }` or `{ file: PATH }`; what was written here should be taken for known to others";
            self.reader.error_with_help(
                "E0301",
                node.span,
                "a secret is given by reference, never written out",
                help,
            );
            return None;
        }
        let mut fields = self.reader.map(node, &grammar::SECRET)?;
        let (env, file) = (fields.text("env"), fields.text("file"));
        fields.finish();
        let reference = match (env, file) {
            (Some(env), None) => SecretRef::Env(env.value),
            (None, Some(file)) => SecretRef::File(self.path(&file)),
            (Some(_), Some(_)) | (None, None) => {
                self.reader
                    .error("E0102", node.span, "a secret needs either `env` or `file`");
                return None;
            }
        };
        let help = match &reference {
            SecretRef::Env(name) => {
                format!("set it first (`export {name}=…`), or write `{{ file: PATH }}`")
            }
            SecretRef::File(_) => {
                "the file holds the secret alone; a relative path begins at the target file"
                    .to_owned()
            }
        };
        let secret = (self.resolve)(&reference);
        secret
            .map_err(|problem| {
                let message = format!("{reference} {problem}");
                self.reader
                    .error_with_help("E0302", node.span, message, help)
            })
            .ok()
    }

    fn base_url(&self, node: &Node) -> Option<String> {
        let url = self.url(node, "`base_url`", &[])?;
        if url.contains('?') {
            self.reader
                .error("E0303", node.span, "`base_url` cannot have a query");
            return None;
        }
        Some(url.trim_end_matches('/').to_owned())
    }

    /// A URL whose holes, `{name}`, are among `holes`; one that ends with a dot stands for all names that begin so.
    fn url(&self, node: &Node, what: &str, holes: &[&str]) -> Option<String> {
        let text = self.reader.text(node, what)?;
        let (plain, names) = without_holes(&text.value);
        let known = |name: &&str| {
            holes.iter().any(|hole| {
                name == hole
                    || (hole.ends_with('.') && name.len() > hole.len() && name.starts_with(hole))
            })
        };
        for name in names.iter().filter(|name| !known(name)) {
            self.reader.unknown(
                "E0304",
                text.span,
                "placeholder",
                name,
                holes.iter().copied(),
            );
        }
        if plain.contains('@') {
            self.written_out.borrow_mut().push(text.span);
        }
        if let Err((problem, help)) = check_url(&plain) {
            self.reader
                .error_with_help("E0303", text.span, format!("{what} {problem}"), help);
            return None;
        }
        Some(text.value)
    }
}

/// The template with something harmless in its holes, and the names of these.
fn without_holes(template: &str) -> (String, Vec<&str>) {
    let (mut plain, mut names) = (String::new(), Vec::new());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        plain.push_str(before);
        plain.push('x');
        names.push(name);
        rest = after;
    }
    plain.push_str(rest);
    (plain, names)
}

/// What is wrong with a URL, and what to do about it.
fn check_url(text: &str) -> Result<(), (&'static str, &'static str)> {
    const WHOLE: &str = "write a whole URL, such as `http://127.0.0.1:4010/path`";
    let uri: Uri = text.parse().map_err(|_| ("is not a URL", WHOLE))?;
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(_) | None => return Err(("must begin with `http://` or `https://`", WHOLE)),
    }
    let authority = uri.authority().ok_or(("has no host", WHOLE))?;
    if uri.port().is_some() && uri.port_u16().is_none() {
        return Err(("has a port that does not exist", "ports go up to 65535"));
    }
    if authority.as_str().contains('@') {
        return Err((
            "must not hold a user name or password",
            "URLs appear in reports; take them out of it",
        ));
    }
    if text.contains('#') {
        return Err((
            "cannot have a fragment",
            "leave out the `#` and what follows",
        ));
    }
    Ok(())
}
