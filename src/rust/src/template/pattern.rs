//! Regular expressions over whole texts: the `match` of an input.

use regex_lite::{Error, Regex, RegexBuilder};

/// Of the compiled program. Counted repetitions multiply it; real expressions need a hundredth.
const SIZE_MAX: usize = 1 << 20;

fn compiled(pattern: &str) -> Result<Regex, Error> {
    RegexBuilder::new(pattern).size_limit(SIZE_MAX).build()
}

/// Whether the whole text matches, in time linear in it. Otherwise what is wrong with the pattern.
pub fn matches_whole(pattern: &str, text: &str) -> Result<bool, String> {
    // By itself first: of "a)(b" the frame below would make something else.
    compiled(pattern).map_err(|error| error.to_string())?;
    let framed = format!(r"\A(?:{pattern})\z");
    // Only a comment of the mode `x` that runs up to the end can swallow the frame.
    let whole = compiled(&framed).map_err(|_| "it may not end in a comment".to_string())?;
    Ok(whole.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::matches_whole;

    #[test]
    fn the_whole_text_is_meant_whatever_the_pattern_says() {
        assert_eq!(matches_whole("a|ab", "ab"), Ok(true));
        assert_eq!(matches_whole("a|b", "ab"), Ok(false));
        assert_eq!(matches_whole("(?m)^a$", "a\nb"), Ok(false));
        assert!(matches_whole("a)(b", "ab").is_err());
        assert!(matches_whole("(?x)a # b", "a").is_err());
    }
}
