//! A text with its encoding undone, and the way back: [`View`].

use std::ops::Range;

use super::index::Index;

/// A text as it reads decoded. Each byte remembers where in the original its spelling begins.
///
/// Where a text begins to be encoded is not known: in `%4%31…` the second sign begins a unit if somebody put a
/// percent-encoded secret behind the text `%4`, and not otherwise. So a view also holds a *siding* for
/// each place inside a unit: what is read when reading begins there, until it runs into the main line again.
#[derive(Default)]
pub(super) struct View {
    main: Reading,
    sidings: Vec<Siding>,
}

#[derive(Default)]
struct Reading {
    bytes: Vec<u8>,
    /// Where the spelling of each byte begins; for the main line, the length of the original at the end.
    starts: Vec<usize>,
}

struct Siding {
    reading: Reading,
    /// Position in the main line where it goes on.
    joins: usize,
}

/// Writes what the head of a text spells and says how many bytes it took; 0 if it spells nothing special.
type Decoder = fn(&[u8], &mut Vec<u8>) -> usize;

impl View {
    /// Each decoding of the text that would change something.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let text = text.as_bytes();
        let decoders: [(u8, Decoder); 3] = [(b'%', percent), (b'+', form), (b'\\', json)];
        let changes = |(sign, _): &(u8, Decoder)| text.contains(sign);
        let decoders = decoders.into_iter().filter(changes);
        decoders
            .map(|(_, decoder)| Self::new(text, decoder))
            .collect()
    }

    /// The text, decoded from its beginning.
    pub(super) fn read(&self) -> &[u8] {
        &self.main.bytes
    }

    /// Tells where in the original a needle stands, and whose it is.
    pub(super) fn find(&self, index: &Index, mut found: impl FnMut(Range<usize>, usize)) {
        let Reading { bytes, starts } = &self.main;
        index.find(bytes, |at, owner| {
            found(starts[at.start]..starts[at.end], owner);
        });
        for siding in &self.sidings {
            let side = &siding.reading;
            if let Some((len, owner)) = index.begins(&side.bytes, &bytes[siding.joins..]) {
                let end = match len.checked_sub(side.bytes.len()) {
                    None => side.starts[len],
                    Some(more) => starts[siding.joins + more],
                };
                found(side.starts[0]..end, owner);
            }
        }
    }

    fn new(text: &[u8], decoder: Decoder) -> Self {
        let mut main = Reading::default();
        let mut at = 0;
        let mut inside = Vec::new();
        while at < text.len() {
            let next = main.unit(text, at, decoder);
            inside.extend(at + 1..next);
            at = next;
        }
        main.starts.push(text.len());
        let siding = |at| Self::siding(text, &main, at, decoder);
        let sidings = inside.into_iter().map(siding).collect();
        Self { main, sidings }
    }

    fn siding(text: &[u8], main: &Reading, mut at: usize, decoder: Decoder) -> Siding {
        let mut reading = Reading::default();
        loop {
            // The end of the text is on the main line, so this ends.
            let joins = main.starts.partition_point(|&start| start < at);
            if main.starts[joins] == at {
                return Siding { reading, joins };
            }
            at = reading.unit(text, at, decoder);
        }
    }
}

impl Reading {
    /// Reads the unit at `at` and says where the next one begins.
    fn unit(&mut self, text: &[u8], at: usize, decoder: Decoder) -> usize {
        let taken = decoder(&text[at..], &mut self.bytes);
        if taken == 0 {
            self.bytes.push(text[at]);
        }
        self.starts.resize(self.bytes.len(), at);
        at + taken.max(1)
    }
}

/// `%2F` (RFC 3986 section 2.1).
fn percent(text: &[u8], out: &mut Vec<u8>) -> usize {
    let [b'%', high, low, ..] = *text else {
        return 0;
    };
    let (Some(high), Some(low)) = (digit(high), digit(low)) else {
        return 0;
    };
    out.push((high * 16 + low) as u8);
    3
}

/// `application/x-www-form-urlencoded`: `%2F`, and `+` for a space.
fn form(text: &[u8], out: &mut Vec<u8>) -> usize {
    if text[0] == b'+' {
        out.push(b' ');
        return 1;
    }
    percent(text, out)
}

/// `\n`, `\/`, `\u00fc`, `\ud83d\ude00` (RFC 8259 section 7).
fn json(text: &[u8], out: &mut Vec<u8>) -> usize {
    let [b'\\', sign, ..] = *text else { return 0 };
    let plain = match sign {
        b'"' | b'\\' | b'/' => sign,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return json_unicode(text, out),
        _ => return 0,
    };
    out.push(plain);
    2
}

fn json_unicode(text: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(first) = code_unit(text) else {
        return 0;
    };
    let pair = [first, code_unit(&text[6..]).unwrap_or_default()];
    let Some(Ok(letter)) = char::decode_utf16(pair).next() else {
        return 0;
    };
    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    6 * letter.len_utf16()
}

/// The UTF-16 code unit that `\u00fc` at the head of the text spells.
fn code_unit(text: &[u8]) -> Option<u16> {
    let [b'\\', b'u', a, b, c, d, ..] = *text else {
        return None;
    };
    [a, b, c, d]
        .into_iter()
        .try_fold(0, |unit, sign| Some(unit * 16 + digit(sign)? as u16))
}

fn digit(sign: u8) -> Option<u32> {
    char::from(sign).to_digit(16)
}
