//! Choices from a list of numbers, so that what is made of them shrinks as the list does: without numbers, every
//! choice is the first one, which is the simplest.

use std::slice;

pub(super) struct Choices<'c>(slice::Iter<'c, u16>);

impl<'c> Choices<'c> {
    pub(super) fn of(numbers: &'c [u16]) -> Self {
        Self(numbers.iter())
    }

    pub(super) fn number(&mut self) -> u16 {
        self.0.next().copied().unwrap_or(0)
    }

    /// A number below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        usize::from(self.number()) % count
    }

    pub(super) fn one_of<'l>(&mut self, list: &[&'l str]) -> &'l str {
        list[self.below(list.len())]
    }

    /// Something that happens once in `times`.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}
