//! How deeply the parser would recurse.
//!
//! Brackets are not all of it: `!!!a`, `a ? b : c ? d : e`, `a ** b ** c` and `a => b => c` nest without them. The
//! measure counts each, and a comma or semicolon ends what nests to the right. Ordinary expressions stay far below the
//! limit. Where the scanner misreads a text (whether a slash divides or begins a regular expression depends on more
//! than it knows), the measure is off, which the parser's stack allows for.

use super::{
    NESTING_LIMIT,
    scan::{Scanner, Token},
};

/// What nests within one pair of brackets.
#[derive(Default)]
struct Level {
    /// The depth at its bracket.
    base: usize,
    /// Prefix operators without an operand so far.
    prefixes: usize,
    /// Operators whose right side nests.
    right: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.base + self.prefixes + self.right
    }

    fn count(&mut self, token: Token<'_>, after_operand: bool) {
        let nests = match token {
            Token::Operator("," | ";") => {
                self.right = 0;
                Nests::Not
            }
            Token::Operator("!" | "~" | "+" | "-" | "++" | "--") if !after_operand => Nests::Prefix,
            Token::Word("typeof" | "void" | "delete" | "new" | "await") => Nests::Prefix,
            Token::Operator("?" | "**" | "=>") | Token::Word("yield") => Nests::Right,
            Token::Operator(op) if is_assignment(op) => Nests::Right,
            _ => Nests::Not,
        };
        match nests {
            Nests::Prefix => self.prefixes += 1,
            Nests::Right => (self.prefixes, self.right) = (0, self.right + 1),
            Nests::Not => self.prefixes = 0,
        }
    }
}

enum Nests {
    Prefix,
    Right,
    Not,
}

fn is_assignment(op: &str) -> bool {
    op.ends_with('=') && !matches!(op, "==" | "===" | "!=" | "!==" | "<=" | ">=")
}

/// Where the text passes the limit of nesting, if it does.
pub(super) fn too_deep(source: &str) -> Option<usize> {
    let mut scanner = Scanner::new(source, 0);
    let mut outer = Vec::new();
    let mut level = Level::default();
    loop {
        let after_operand = scanner.after_operand;
        let (at, token) = scanner.next()?;
        match token {
            Token::Open(_) => {
                let base = level.depth() + 1;
                outer.push(std::mem::replace(&mut level, Level { base, ..Level::default() }));
            }
            Token::Close(_) => {
                level = outer.pop().unwrap_or(level);
                level.prefixes = 0;
            }
            token => level.count(token, after_operand),
        }
        if level.depth() > NESTING_LIMIT {
            return Some(at);
        }
    }
}
