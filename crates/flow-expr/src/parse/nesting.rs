//! How deeply the parser would recurse.
//!
//! Brackets are not all of it: `!!!a`, `a ? b : c ? d : e`, `a ** b ** c`, `a => b => c` and, in a function's body,
//! `if (a) if (b)` nest without them. The measure counts each, and a comma or semicolon ends what nests to the
//! right. It is an upper bound that ordinary expressions stay far below.

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
    /// Question marks whose colon is still to come.
    questions: usize,
    /// Words of statements, which may nest over semicolons, as `else if` does.
    statements: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.base + self.prefixes + self.right + self.statements
    }

    fn count(&mut self, token: Token<'_>, after_operand: bool) {
        match token {
            Token::Operator("," | ";") => {
                (self.prefixes, self.right, self.questions) = (0, 0, 0);
            }
            Token::Operator("!" | "~" | "+" | "-" | "++" | "--" | "...") if !after_operand => {
                self.prefixes += 1
            }
            Token::Word("typeof" | "void" | "delete" | "new" | "await") => self.prefixes += 1,
            Token::Operator("?") => {
                (self.prefixes, self.right, self.questions) = (0, self.right + 1, self.questions + 1);
            }
            Token::Operator(":") if self.questions > 0 => {
                (self.prefixes, self.questions) = (0, self.questions - 1);
            }
            Token::Operator(":" | "**" | "=>") | Token::Word("yield" | "import" | "async") => {
                (self.prefixes, self.right) = (0, self.right + 1);
            }
            Token::Operator(op) if is_assignment(op) => {
                (self.prefixes, self.right) = (0, self.right + 1);
            }
            Token::Word(
                "if" | "else" | "for" | "while" | "do" | "with" | "try" | "switch" | "class" | "extends"
                | "function" | "return" | "throw" | "case" | "default",
            ) => self.statements += 1,
            _ => self.prefixes = 0,
        }
    }
}

fn is_assignment(op: &str) -> bool {
    op.ends_with('=') && !matches!(op, "==" | "===" | "!=" | "!==" | "<=" | ">=")
}

/// The greatest depth, or where it passes the limit.
pub(super) fn depth(source: &str) -> Result<usize, usize> {
    let mut scanner = Scanner::new(source, 0);
    let mut outer = Vec::new();
    let mut level = Level::default();
    let mut deepest = 0;
    loop {
        let after_operand = scanner.after_operand;
        let Some((at, token)) = scanner.next() else { return Ok(deepest) };
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
        deepest = deepest.max(level.depth());
        if deepest > NESTING_LIMIT {
            return Err(at);
        }
    }
}
