//! A scanner that knows just enough of JavaScript's tokens to find the end of a template's expression and to
//! measure nesting: strings, template literals, regular expressions, comments, brackets and operators.
//!
//! It accepts anything. What is no JavaScript is left to the parser to refuse.

/// A token, or as much of one as matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'s> {
    /// `(`, `[`, `{`, or the `$` of a `${`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close(u8),
    /// A number, a string, a regular expression, the end of a template literal, a name after a dot.
    Operand,
    Word(&'s str),
    Operator(&'s str),
}

/// Operators of more than one character, the longest first.
const OPERATORS: &[&str] = &[
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=", "<=",
    ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>",
    "**",
];

/// Words after which an operand follows, so that a slash begins a regular expression.
const PREFIX_WORDS: &[&str] = &[
    "typeof",
    "void",
    "delete",
    "new",
    "in",
    "instanceof",
    "return",
    "await",
    "yield",
    "case",
    "do",
    "else",
    "throw",
];

pub(super) struct Scanner<'s> {
    text: &'s str,
    at: usize,
    /// For each open brace, whether it is a `${`.
    braces: Vec<bool>,
    /// The scanner stands inside of a template literal's text.
    in_template: bool,
    /// The last token ended an operand, so that an operator follows.
    pub(super) after_operand: bool,
    after_dot: bool,
    /// What did not end before the text did.
    pub(super) unterminated: Option<&'static str>,
}

impl<'s> Scanner<'s> {
    pub(super) fn new(text: &'s str, at: usize) -> Self {
        Self {
            text,
            at,
            braces: Vec::new(),
            in_template: false,
            after_operand: false,
            after_dot: false,
            unterminated: None,
        }
    }

    /// The next token and where it starts.
    pub(super) fn next(&mut self) -> Option<(usize, Token<'s>)> {
        if !self.in_template {
            self.skip_blank()?;
        }
        let start = self.at;
        let token = if self.in_template { self.template()? } else { self.token()? };
        self.after_operand = match token {
            Token::Open(_) => false,
            Token::Close(b'}') if self.in_template => false,
            Token::Close(_) | Token::Operand => true,
            Token::Word(word) => !PREFIX_WORDS.contains(&word),
            Token::Operator(op) => matches!(op, "++" | "--") && self.after_operand,
        };
        self.after_dot = matches!(token, Token::Operator("." | "?."));
        Some((start, token))
    }

    fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn token(&mut self) -> Option<Token<'s>> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let first = *bytes.first()?;
        Some(match first {
            b'(' | b'[' | b'{' => {
                self.at += 1;
                if first == b'{' {
                    self.braces.push(false);
                }
                Token::Open(first)
            }
            b')' | b']' | b'}' => {
                self.at += 1;
                self.in_template = first == b'}' && self.braces.pop() == Some(true);
                Token::Close(first)
            }
            b'`' => {
                self.at += 1;
                self.template()?
            }
            b'"' | b'\'' => self.string(first)?,
            b'0'..=b'9' => self.number(),
            b'.' if bytes.get(1).is_some_and(u8::is_ascii_digit) => self.number(),
            b'/' if !self.after_operand => self.regex()?,
            _ if is_word(first) => self.word(),
            _ => self.operator(),
        })
    }

    /// Skips white space and comments; none at the end of the text.
    fn skip_blank(&mut self) -> Option<()> {
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            let rest = self.rest();
            let length = if rest.starts_with("//") {
                rest.find(['\n', '\r', '\u{2028}', '\u{2029}'])
            } else if let Some(comment) = rest.strip_prefix("/*") {
                comment.find("*/").map(|end| end + "/**/".len())
            } else {
                return (!rest.is_empty()).then_some(());
            };
            match length {
                Some(length) => self.at += length,
                None => return self.give_up("comment"),
            }
        }
    }

    fn give_up<T>(&mut self, what: &'static str) -> Option<T> {
        self.unterminated = Some(what);
        self.at = self.text.len();
        None
    }

    /// The text of a template literal, up to its end or its next expression.
    fn template(&mut self) -> Option<Token<'s>> {
        let bytes = self.rest().as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'`' => {
                    self.at += at + 1;
                    self.in_template = false;
                    return Some(Token::Operand);
                }
                b'$' if bytes.get(at + 1) == Some(&b'{') => {
                    self.at += at + 2;
                    self.in_template = false;
                    self.braces.push(true);
                    return Some(Token::Open(b'$'));
                }
                _ => {}
            }
            at += 1;
        }
        self.give_up("template literal")
    }

    fn string(&mut self, quote: u8) -> Option<Token<'s>> {
        let bytes = self.rest().as_bytes();
        let mut at = 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\n' | b'\r' => break,
                byte if *byte == quote => {
                    self.at += at + 1;
                    return Some(Token::Operand);
                }
                _ => {}
            }
            at += 1;
        }
        self.give_up("string")
    }

    fn number(&mut self) -> Token<'s> {
        let bytes = self.rest().as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let exponent_sign = matches!(byte, b'+' | b'-') && at > 0 && matches!(bytes[at - 1], b'e' | b'E');
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent_sign) {
                break;
            }
            at += 1;
        }
        self.at += at;
        Token::Operand
    }

    fn regex(&mut self) -> Option<Token<'s>> {
        let bytes = self.rest().as_bytes();
        let mut in_class = false;
        let mut at = 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\n' | b'\r' => break,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => {
                    self.at += at + 1;
                    return Some(Token::Operand);
                }
                _ => {}
            }
            at += 1;
        }
        self.give_up("regular expression")
    }

    fn word(&mut self) -> Token<'s> {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
        self.at += length;
        if self.after_dot { Token::Operand } else { Token::Word(&rest[..length]) }
    }

    fn operator(&mut self) -> Token<'s> {
        let rest = self.rest();
        let long = OPERATORS.iter().find(|op| rest.starts_with(**op)).copied();
        // `a?.5:b` is a choice.
        let digit = rest.as_bytes().get(2).is_some_and(u8::is_ascii_digit);
        let length = match long {
            Some("?.") if digit => 1,
            Some(op) => op.len(),
            None => 1,
        };
        self.at += length;
        Token::Operator(&rest[..length])
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'\\' | b'#') || !byte.is_ascii()
}

/// Where the `}}` stands that ends the template's expression which starts at `start`. If there is none, the error
/// names what was left open, when that is why.
pub(crate) fn template_end(text: &str, start: usize) -> Result<usize, Option<&'static str>> {
    let mut scanner = Scanner::new(text, start);
    let mut depth = 0_usize;
    while let Some((at, token)) = scanner.next() {
        match token {
            Token::Open(b'{' | b'$') => depth += 1,
            Token::Close(b'}') if depth > 0 => depth -= 1,
            Token::Close(b'}') if text[at + 1..].starts_with('}') => return Ok(at),
            _ => {}
        }
    }
    Err(scanner.unterminated)
}
