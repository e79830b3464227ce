//! An endpoint that speaks chat completions, to the last byte as a test says.

use std::sync::{Arc, Mutex};

use flow_steps::Llm;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::options;

/// The endpoint. It gives its replies one by one, and fails when there is none left.
pub(crate) struct Fake {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    serving: JoinHandle<()>,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The request line and headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// What is answered.
pub(crate) struct Reply {
    head: String,
    pieces: Vec<Vec<u8>>,
    end: End,
}

/// What follows the last piece.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// The end of the body.
    Whole,
    /// Nothing: the connection is closed.
    Cut,
    /// Nothing, for as long as anybody waits.
    Silence,
}

impl Fake {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let mut replies = replies.into_iter().collect::<Vec<_>>().into_iter();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = Asked::read(&mut stream).await;
                noted.lock().unwrap().push(request);
                let reply = replies.next().unwrap_or_else(|| Reply::status(418, &[], "no reply is left"));
                tokio::spawn(reply.send(stream));
            }
        });
        Self { url, asked, serving }
    }

    /// A way to ask it.
    pub(crate) fn llm(&self) -> Llm {
        Llm::new(options(self.url.clone())).unwrap()
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Asked {
    async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request has no end");
        };
        let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap().to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let end = head_end + length.parse::<usize>().unwrap();
        while bytes.len() < end {
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request is cut off");
        }
        Self { head, body: serde_json::from_slice(&bytes[head_end..end]).unwrap() }
    }
}

impl Reply {
    /// A stream that says each of the texts, and then all that there is to say at the end.
    pub(crate) fn says<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut pieces = texts.into_iter().map(delta).collect::<Vec<_>>();
        pieces.extend([finish("stop"), usage(11, 7), done()]);
        Self::stream(pieces)
    }

    /// A stream of those very pieces.
    pub(crate) fn stream(pieces: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n".to_owned();
        Self { head, pieces: pieces.into_iter().map(Into::into).collect(), end: End::Whole }
    }

    /// An answer in one piece.
    pub(crate) fn status(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let mut head = format!("HTTP/1.1 {status} Whatever\r\n");
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        Self { head, pieces: vec![body.into()], end: End::Whole }
    }

    /// It breaks off.
    pub(crate) fn cut(self) -> Self {
        Self { end: End::Cut, ..self }
    }

    /// It doesn't end.
    pub(crate) fn silent(self) -> Self {
        Self { end: End::Silence, ..self }
    }

    /// Each piece is a chunk of HTTP's own, and so one that the client reads by itself. Whoever asked may be gone.
    async fn send(self, mut stream: TcpStream) {
        let head = format!("{}transfer-encoding: chunked\r\nconnection: close\r\n\r\n", self.head);
        let _ = stream.write_all(head.as_bytes()).await;
        for piece in self.pieces.iter().filter(|piece| !piece.is_empty()) {
            let size = format!("{:x}\r\n", piece.len());
            let _ = stream.write_all(&[size.as_bytes(), piece, b"\r\n"].concat()).await;
            let _ = stream.flush().await;
        }
        match self.end {
            End::Whole => drop(stream.write_all(b"0\r\n\r\n").await),
            End::Cut => {}
            End::Silence => drop(stream.read(&mut [0; 1]).await),
        }
    }
}

fn event(data: &Value) -> Vec<u8> {
    format!("data: {data}\n\n").into_bytes()
}

/// A chunk that says that.
pub(crate) fn delta(text: &str) -> Vec<u8> {
    event(&json!({ "model": "small-2026", "choices": [{ "index": 0, "delta": { "content": text } }] }))
}

/// The chunk that tells why there is no more.
pub(crate) fn finish(reason: &str) -> Vec<u8> {
    event(&json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }], "usage": null }))
}

/// The chunk that tells what it took.
pub(crate) fn usage(input: u64, output: u64) -> Vec<u8> {
    let usage =
        json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output });
    event(&json!({ "choices": [], "usage": usage }))
}

/// The end.
pub(crate) fn done() -> Vec<u8> {
    b"data: [DONE]\n\n".to_vec()
}
