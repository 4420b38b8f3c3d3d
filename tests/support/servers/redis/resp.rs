//! As much of Redis' protocol as the harness needs to set servers up: one command a connection.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// What a server answers. Its errors are those of `io`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    Nil,
    Text(String),
    Number(i64),
    List(Vec<Self>),
}

impl Reply {
    /// A text, or a number as text; empty for all else.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Nil | Self::List(_) => String::new(),
        }
    }

    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// The value beside a name, in a list of names and values.
    pub fn value(&self, name: &str) -> Option<String> {
        self.list().chunks_exact(2).find_map(|pair| (pair[0].text() == name).then(|| pair[1].text()))
    }
}

/// Says one command to the server on this port.
pub(super) fn say(port: u16, words: &[&str]) -> io::Result<Reply> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    (&stream).write_all(command.as_bytes())?;
    reply(&mut BufReader::new(stream))
}

fn reply(from: &mut impl BufRead) -> io::Result<Reply> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let line = line.strip_suffix("\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let (kind, rest) = line.split_at_checked(1).ok_or(io::ErrorKind::InvalidData)?;
    let number = || rest.parse::<i64>().map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
    match kind {
        "+" => Ok(Reply::Text(rest.to_owned())),
        "-" => Err(io::Error::other(rest)),
        ":" => Ok(Reply::Number(number()?)),
        "$" | "*" if number()? < 0 => Ok(Reply::Nil),
        "$" => {
            let mut bytes = vec![0; usize::try_from(number()?).unwrap() + 2];
            from.read_exact(&mut bytes)?;
            bytes.truncate(bytes.len() - 2);
            Ok(Reply::Text(String::from_utf8_lossy(&bytes).into_owned()))
        }
        "*" => Ok(Reply::List((0..number()?).map(|_| reply(from)).collect::<io::Result<_>>()?)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// A stopped server takes connections and does not answer.
const PATIENCE: Duration = Duration::from_secs(2);
