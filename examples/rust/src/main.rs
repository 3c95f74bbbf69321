//! Speaks the original protocol with a running daemon, in both forms that rmp-serde writes:
//!
//!     cargo run -- <socket path or host:port> <folder to watch>
//!
//! Where the daemon asks for a token over TCP, `CODI_TOKEN` is said in Hello. There is no TLS here.
//!
//! Each frame is the length of its body as u32 little-endian, then the body as MessagePack.
mod protocol;

use protocol::{Filter, Level, Message, Payload, Status};
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

type Encode = fn(&Message) -> Result<Vec<u8>, rmp_serde::encode::Error>;

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("name a socket path or host:port")?;
    let folder = PathBuf::from(arguments.next().ok_or("name a folder to watch")?);
    let forms: [(&str, Encode); 2] = [("compact", rmp_serde::to_vec), ("named", rmp_serde::to_vec_named)];
    for (form, encode) in forms {
        let mut stream = connect(&address)?;
        if let Ok(token) = std::env::var("CODI_TOKEN") {
            let hello = Payload::Hello { version: 1, client: Some("codi-example".into()), producer_id: None, token: Some(token) };
            ask(form, encode, &mut *stream, hello)?;
        }
        talk(form, encode, &mut *stream, &folder)?;
    }
    Ok(())
}

fn connect(address: &str) -> std::io::Result<Box<dyn Stream>> {
    let patience = Some(Duration::from_secs(20));
    if address.contains('/') {
        let stream = UnixStream::connect(address)?;
        stream.set_read_timeout(patience)?;
        return Ok(Box::new(stream));
    }
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(patience)?;
    Ok(Box::new(stream))
}

/// Sends every kind of request, and reads the answer to each.
fn talk(form: &str, encode: Encode, stream: &mut dyn Stream, folder: &Path) -> Result<(), Box<dyn Error>> {
    let component = format!("rust-{form}-{}", std::process::id());
    let session_id = component.clone();
    let requests = [
        Payload::SessionStart { session_id: session_id.clone(), identity: "ana".into(), agent_type: Some("example".into()) },
        Payload::LogEntry {
            level: Level::Warn,
            component: component.clone(),
            message: "from Rust: ünï\u{1F980}".into(),
            metadata: Some(serde_json::json!({ "pid": std::process::id(), "big": u64::MAX })),
        },
        Payload::StartMonitoring { path: folder.into(), recursive: true, patterns: vec!["*.rs".into()] },
        Payload::QueryLogs { filter: Filter { component: Some(component), ..Filter::default() }, limit: 10 },
        // A page has at least one row: this is an error.
        Payload::QueryLogs { filter: Filter::default(), limit: 0 },
        Payload::StopMonitoring { path: folder.into() },
        Payload::SessionEnd { session_id },
        Payload::Health,
    ];
    for payload in requests {
        ask(form, encode, stream, payload)?;
    }
    Ok(())
}

/// Sends one request, and reads its answer.
fn ask(form: &str, encode: Encode, stream: &mut dyn Stream, payload: Payload) -> Result<(), Box<dyn Error>> {
    let kind = payload.kind();
    let message = Message::new(payload);
    let body = encode(&message)?;
    stream.write_all(&u32::try_from(body.len())?.to_le_bytes())?;
    stream.write_all(&body)?;
    let answer = receive(stream)?;
    check(&message, &answer)?;
    println!("{form} {kind}: {}", answer.payload.kind());
    Ok(())
}

fn receive(stream: &mut dyn Stream) -> Result<Message, Box<dyn Error>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut body = vec![0; u32::from_le_bytes(length) as usize];
    stream.read_exact(&mut body)?;
    Ok(rmp_serde::from_slice(&body)?)
}

/// Whether this is what the request should be answered with.
fn check(request: &Message, answer: &Message) -> Result<(), Box<dyn Error>> {
    let is_right = match (&request.payload, &answer.payload) {
        (Payload::QueryLogs { limit: 0, .. }, Payload::Error { code, .. }) => code == "CODI_MESSAGE_INVALID",
        (Payload::QueryLogs { .. }, Payload::LogResults { entries, total_count }) => {
            *total_count == 1 && entries.len() == 1 && entries[0].message.ends_with('\u{1F980}')
        }
        (Payload::Health, Payload::Status { components, uptime }) => {
            !components.is_empty() && *uptime > Duration::ZERO
        }
        (Payload::Hello { .. }, Payload::Welcome { version, .. }) => *version == 1,
        (_, Payload::Acknowledgment { request_id, status }) => {
            *request_id == request.id && matches!(status, Status::Accepted)
        }
        _ => false,
    };
    if is_right { Ok(()) } else { Err(format!("{request:?} was answered with {answer:?}").into()) }
}
