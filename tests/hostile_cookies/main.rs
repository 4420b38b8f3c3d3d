//! "What must be shown", 9: hostile `Cookie` headers, byte by byte over HTTP/1.1, in crumbs over
//! HTTP/2, and without a wire. Only a byte-exact name with one genuine value is ever taken.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test unwraps what it expects, and says its figures")]

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod wire;

use cases::{Case, Tokens, cases};
use support::{Backend, World, app};
use wire::{Http1, Http2, Seen, without_wire};

/// What a cookie header comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// The session is hers.
    Ada,
    /// There is no cookie of ours: nobody, and nothing is cleared.
    Nothing,
    /// There is one of ours, and it is no good: nobody, and it is cleared.
    Refused,
}

impl Seen {
    fn taken(&self) -> Taken {
        assert_eq!(self.status, 200);
        match (self.body.as_str(), self.clears_cookie) {
            ("ada", false) => Taken::Ada,
            ("nobody", false) => Taken::Nothing,
            ("nobody", true) => Taken::Refused,
            _ => panic!("{self:?}"),
        }
    }
}

#[tokio::test]
async fn each_header_is_taken_for_what_it_is_on_every_wire() {
    let (world, tokens) = setting().await;
    let app = app(world.sessions.clone());
    let (http1, mut http2) = (Http1::serve(&app).await, Http2::serve(&app).await);
    let cases = cases(&tokens);
    for Case { headers, taken } in &cases {
        let shown =
            || headers.iter().map(|header| String::from_utf8_lossy(header).chars().take(200).collect::<String>());
        assert_eq!(without_wire(&app, headers).await.taken(), *taken, "{:?}", shown().collect::<Vec<_>>());
        assert_eq!(http1.send(headers).await.taken(), *taken, "HTTP/1.1: {:?}", shown().collect::<Vec<_>>());
        assert_eq!(http2.send(headers).await.taken(), *taken, "HTTP/2: {:?}", shown().collect::<Vec<_>>());
    }
    eprintln!("{} headers, each three times", cases.len());
}

/// What never reaches the reader, because HTTP itself forbids it.
#[tokio::test]
async fn what_is_not_http_is_refused_before_it() {
    let (world, Tokens { ada, .. }) = setting().await;
    let http1 = Http1::serve(&app(world.sessions.clone())).await;
    let controls = (0..0x20).chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte));
    for byte in controls {
        let header = [b"cookie: a=", &[byte][..], format!("; __Host-sid={ada}").as_bytes()].concat();
        assert_eq!(http1.send_lines(&header).await.status, 400, "{byte:#x}");
    }
    for lines in [
        format!("cookie: a=b;\r\n __Host-sid={ada}"),
        format!("cookie : __Host-sid={ada}"),
        format!("cookie\t: __Host-sid={ada}"),
        format!("cookie: a=b\rcookie: __Host-sid={ada}"),
        format!("cookie\u{a0}: __Host-sid={ada}"),
    ] {
        assert_eq!(http1.send_lines(lines.as_bytes()).await.status, 400, "{lines:?}");
    }
    let bare_newline = format!("x: y\ncookie: __Host-sid={ada}");
    assert_eq!(http1.send_lines(bare_newline.as_bytes()).await.taken(), Taken::Ada, "a line ends with LF as well");
    let other_headers =
        format!("x-cookie: __Host-sid={ada}\r\ncookie2: __Host-sid={ada}\r\nset-cookie: __Host-sid={ada}");
    assert_eq!(http1.send_lines(other_headers.as_bytes()).await.taken(), Taken::Nothing);
    let shouted = format!("COOKIE:__Host-sid={ada}");
    assert_eq!(http1.send_lines(shouted.as_bytes()).await.taken(), Taken::Ada, "the header's name has no case");
}

/// A world, the tokens of two sessions in it, and one that another key has signed.
async fn setting() -> (World, Tokens) {
    let world = World::new(Backend::Memory).await;
    let stranger = countersign::Sessions::for_tests();
    let tokens = Tokens {
        ada: world.sessions.log_in("ada").await.unwrap().token().reveal().to_string(),
        grace: world.sessions.log_in("grace").await.unwrap().token().reveal().to_string(),
        forged: stranger.log_in("ada").await.unwrap().token().reveal().to_string(),
    };
    (world, tokens)
}
