//! What is known of a request before its credential is looked at: who is at the other end, and which site made him send it.

use http::Request;

use crate::{
    carrier::Way,
    config::{Binding, CrossSiteCheck, Reaction, WithoutHeaders},
    cross_site::Sender,
    peer::{AgentFamily, ClientAddress, OverTls, Peer, network_of},
    record::{Record, SessionId},
    session::{Arrival, From},
    sessions::{Event, Place, Sessions},
};

/// What is known of a request before its credential is looked at.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub(super) peer: Peer,
    sender: Sender,
    binding: Binding,
}

impl Facts {
    pub(super) fn of<B>(sessions: &Sessions, request: &Request<B>, binding: Option<Binding>) -> Self {
        let extensions = request.extensions();
        let socket = extensions.get().map(|ClientAddress(address)| *address);
        let over_tls = extensions.get::<OverTls>().is_some();
        let sender = match sessions.config().cross_site.check {
            CrossSiteCheck::Off => Sender::Harmless,
            CrossSiteCheck::Enforce | CrossSiteCheck::Report => {
                sessions.same_site().judge(request.method(), request.uri(), request.headers())
            }
        };
        Self {
            peer: sessions.proxies().peer(socket, over_tls, request.headers()),
            sender,
            binding: binding.unwrap_or(sessions.config().binding),
        }
    }

    /// How the request arrives, with a credential that came this way.
    pub(super) fn arrival(&self, sessions: &Sessions, way: Option<Way>) -> Arrival {
        let refused = sessions.config().cross_site.check == CrossSiteCheck::Enforce;
        let judged = self.sender != Sender::Harmless && way != Some(Way::Bearer);
        let from = if judged && self.sender == Sender::OtherSite { From::OtherSite { refused } } else { From::OwnSite };
        Arrival { way, refusal: None, from, judged, address: self.peer.address }
    }

    /// Whether a request with a cookie is to be refused, as another site made the browser send it. It may be only reported.
    pub(super) fn is_forgery(&self, sessions: &Sessions, session: Option<SessionId>) -> bool {
        let settings = &sessions.config().cross_site;
        let forged = match self.sender {
            Sender::Harmless | Sender::OwnSite => false,
            Sender::OtherSite => true,
            Sender::Unknown => settings.without_headers == WithoutHeaders::Refuse,
        };
        if forged && settings.check == CrossSiteCheck::Report {
            sessions.emit(&Event::CrossSiteReported { session });
        }
        forged && settings.check == CrossSiteCheck::Enforce
    }

    /// Where the request comes from, and what of it counts for this session; `None` if nothing does.
    pub(super) fn place<B>(
        &self,
        request: &Request<B>,
        record: &Record,
        sessions: &Sessions,
    ) -> Option<(Binding, Place)> {
        if !record.is_begun_somewhere() {
            return None;
        }
        let binding = sessions.binding_of(record, self.binding);
        let Binding { address, user_agent, ipv4_prefix, ipv6_prefix } = binding;
        if address == Reaction::Off && user_agent == Reaction::Off {
            return None;
        }
        let agent = request.headers().get(http::header::USER_AGENT).filter(|_| user_agent > Reaction::Off);
        let place = Place {
            network: self.peer.address.map(|address| network_of(address, ipv4_prefix, ipv6_prefix)),
            agent: agent.map(|agent| AgentFamily::of(agent.as_bytes()).number()),
        };
        Some((binding, place))
    }
}
