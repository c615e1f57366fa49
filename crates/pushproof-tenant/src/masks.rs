//! Addresses as the list of authenticators shows them (`protocol.md` §3.1): enough to be recognised by their owner.

/// `+15550100101` as `XXXXXXXX0101`.
pub(crate) fn phone(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let hidden = digits.len().saturating_sub(4);
    digits
        .iter()
        .enumerate()
        .map(|(i, digit)| if i < hidden { 'X' } else { *digit })
        .collect()
}

/// `ada@example.com` as `****@exam*******`.
pub(crate) fn email(address: &str) -> String {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let shown = domain
        .chars()
        .enumerate()
        .map(|(i, letter)| if i < 4 { letter } else { '*' });
    "****@".chars().chain(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_recorded() {
        assert_eq!(phone("+155501000101"), "XXXXXXXX0101");
        assert_eq!(email("ada@example.com"), "****@exam*******");
        assert_eq!((phone("12"), email("odd")), ("12".into(), "****@".into()));
    }
}
