//! Takes a stream of server-sent events apart (the HTML standard, §9.2.6).
//!
//! Written here because what comes over the wire must be bounded: crates for it collect an event of any length. Of an
//! event only its data counts; names, ids and retry times mean nothing in chat completions.

/// What is left over of a stream between its pieces.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The line that hasn't ended yet. Bytes, since a piece may end inside of a character.
    line: Vec<u8>,
    /// The data of the event that hasn't ended yet.
    data: Option<Vec<u8>>,
    after_return: bool,
}

/// An event is longer than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Events {
    /// Takes the next piece, and gives the data of each event that ends in it to `each`, which stops by an error.
    pub(super) fn feed<E: From<TooLong>>(
        &mut self,
        piece: &[u8],
        most_bytes: usize,
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for &byte in piece {
            let ends_a_pair = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            match byte {
                _ if ends_a_pair => {}
                b'\n' | b'\r' => self.end_line().map_or(Ok(()), |data| each(&data))?,
                byte => self.line.push(byte),
            }
            if self.line.len() + self.data.as_ref().map_or(0, Vec::len) > most_bytes {
                return Err(TooLong.into());
            }
        }
        Ok(())
    }

    /// Takes the line in. An empty one ends the event, whose data is returned if it has any.
    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.data.take();
        }
        let value = match line.strip_prefix(b"data") {
            Some([]) => &[][..],
            Some([b':', b' ', value @ ..] | [b':', value @ ..]) => value,
            // Another field, or a comment.
            _ => return None,
        };
        match &mut self.data {
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            none => *none = Some(value.to_vec()),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<String> {
        let (mut events, mut found) = (Events::default(), Vec::new());
        for piece in pieces {
            let each = |data: &[u8]| {
                found.push(String::from_utf8(data.to_vec()).unwrap());
                Ok::<_, TooLong>(())
            };
            events.feed(piece, 100, each).unwrap();
        }
        found
    }

    const STREAM: &str = ": hello\r\n\r\ndata: {\"ü\":\"🦀\"}\r\n\r\nevent: x\nid: 1\ndata:a\ndata:  b\n\n\
                          data\n\nother: c\n\ndata: d\r\rdata: [DONE]\n\ndata: cut";

    #[test]
    fn events_are_told_apart_however_lines_end() {
        let expected = ["{\"ü\":\"🦀\"}", "a\n b", "", "d", "[DONE]"];
        assert_eq!(read(&[STREAM.as_bytes()]), expected);
    }

    #[test]
    fn where_a_stream_is_cut_into_pieces_makes_no_difference() {
        let (stream, whole) = (STREAM.as_bytes(), read(&[STREAM.as_bytes()]));
        for at in 0..stream.len() {
            let (start, end) = stream.split_at(at);
            assert_eq!(read(&[start, end]), whole, "cut at {at}");
        }
        assert_eq!(read(&stream.chunks(1).collect::<Vec<_>>()), whole);
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let mut events = Events::default();
        let each = |_: &[u8]| Ok::<_, TooLong>(());
        assert_eq!(events.feed(&[b'x'; 100], 100, each), Ok(()));
        assert_eq!(events.feed(b"x", 100, each), Err(TooLong));
        let mut events = Events::default();
        let lines = b"data: 0123456789\n".repeat(11);
        assert_eq!(events.feed(&lines, 100, each), Err(TooLong));
    }
}
