//! The expression tree that is evaluated.
//!
//! It is smaller than JavaScript's own tree, keeps nothing of the parser that made it, and is flat where
//! JavaScript is deep: `a.b.c` and `a + b + c` are one node each, so that a long chain needs no recursion.
//! A construct that gains support becomes a further [`NodeKind`].

use crate::builtin::{Function, Method};

/// Bytes of the whole text that an expression stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: NodeKind,
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    Name(Box<str>),
    Literal(Literal),
    /// `base.a[b]?.c`: as far as one short circuit of `?.` reaches.
    Path {
        base: Box<Node>,
        steps: Box<[Step]>,
    },
    Unary(UnaryOp, Box<Node>),
    /// `first op a op b …`, from left to right.
    Binary {
        first: Box<Node>,
        rest: Box<[(BinaryOp, Node)]>,
    },
    /// `first && a || b …`, from left to right.
    Logical {
        first: Box<Node>,
        rest: Box<[(LogicalOp, Node)]>,
    },
    Choice {
        test: Box<Node>,
        then: Box<Node>,
        otherwise: Box<Node>,
    },
    /// A template literal.
    Text(Box<[TextPart]>),
    Array(Box<[Item]>),
    Object(Box<[Field]>),
    /// A call of a global function, unless the scope knows its name.
    Call(&'static Function, Box<[Item]>),
    /// A constant such as `Math.PI`, unless the scope knows the name `Math`: then it is a path like any other.
    Constant {
        root: Box<str>,
        value: f64,
        otherwise: Box<Node>,
    },
}

#[derive(Debug)]
pub(crate) enum Literal {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Box<str>),
}

/// One member access, or one call of a method.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) kind: StepKind,
    /// `?.` stands before it.
    pub(crate) optional: bool,
    /// Where the path ends with this step, to quote it in an error.
    pub(crate) end: u32,
}

#[derive(Debug)]
pub(crate) enum StepKind {
    Member(StepKey),
    Method(MethodCall),
}

#[derive(Debug)]
pub(crate) enum StepKey {
    Name(Box<str>),
    Index(u32),
    Computed(Node),
}

#[derive(Debug)]
pub(crate) struct MethodCall {
    pub(crate) method: &'static Method,
    pub(crate) args: Box<[Item]>,
    /// `?.` stands before the arguments: what has no such method is not called.
    pub(crate) optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Not,
    Minus,
    Plus,
    TypeOf,
    BitNot,
    Void,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    StrictEqual,
    StrictNotEqual,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    ShiftRightZeroFill,
    In,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogicalOp {
    And,
    Or,
    Coalesce,
}

#[derive(Debug)]
pub(crate) enum TextPart {
    Text(Box<str>),
    Value(Node),
}

#[derive(Debug)]
pub(crate) enum Item {
    Value(Node),
    Spread(Node),
}

#[derive(Debug)]
pub(crate) enum Field {
    Named(Box<str>, Node),
    Computed(Node, Node),
    Spread(Node),
}
