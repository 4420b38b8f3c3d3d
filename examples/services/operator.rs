//! What whoever runs the services says to them.

use std::{error::Error, time::Duration};

use countersign::Services;

pub(crate) async fn run(services: &Services, command: &[&str]) -> Result<(), Box<dyn Error>> {
    match command {
        // It is shown this once: the store has only its hash.
        ["register", name, permissions @ ..] => {
            println!("{}", *services.register(name, permissions.iter().copied()).await?.reveal());
        }
        ["rotate", name, seconds] => {
            let overlap = Duration::from_secs(seconds.parse()?);
            println!("{}", *services.rotate(name, overlap).await?.reveal());
        }
        ["permit", name, permissions @ ..] => services.set_permissions(name, permissions.iter().copied()).await?,
        ["revoke", name] => println!("{}", if services.revoke(name).await? { "revoked" } else { "was not registered" }),
        ["list"] => {
            for service in services.list().await? {
                let permissions: Vec<&str> = service.permissions().collect();
                let used = service.last_used().map_or("never".to_owned(), |used| used.to_string());
                // As long as it has not used its new token, the old one is good.
                let rotating = if service.is_rotating() { "  rotating" } else { "" };
                println!("{}  {}  last used: {used}{rotating}", service.name(), permissions.join(" "));
            }
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

const USAGE: &str = "services portal | orders | statistics\n\
     services register NAME [PERMISSION…] | rotate NAME SECONDS | permit NAME [PERMISSION…] | revoke NAME | list";
