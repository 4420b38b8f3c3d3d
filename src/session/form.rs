use super::Session;
use crate::sessions::{Error, ErrorKind};

impl Session {
    /// A token for a form, by which the request proves that it was made on a page of this very session: 64 characters, other ones
    /// each time. Put it into a hidden field, or into a header that the page's script sets; never into an address.
    ///
    /// The check of [where a request comes from](crate::CrossSite) keeps forgeries out without it. It is for whoever has
    /// to meet NIST SP 800-63B-4, section 5.1, and for browsers that say nothing of where a request comes from.
    ///
    /// Without a session one is started. The token is good as long as the session has this id: rotation leaves it, log-in and
    /// step-up do not.
    ///
    /// ```
    /// use countersign::{Error, Session};
    ///
    /// async fn page(session: Session) -> Result<String, Error> {
    ///     let token = session.form_token().await?;
    ///     Ok(format!(r#"<form method="post"><input type="hidden" name="form_token" value="{token}"></form>"#))
    /// }
    /// async fn submit(session: Session, form_token: String) -> Result<(), Error> {
    ///     session.check_form_token(&form_token)?;                     // 403, unless it is of this session
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// If the store fails, or the system's random generator; [`ErrorKind::Ended`] if the session has ended in this request;
    /// [`ErrorKind::CrossSite`] if one would begin in a request that another site made the browser send.
    pub async fn form_token(&self) -> Result<String, Error> {
        let sessions = self.manager()?;
        let known = self.look().live().map(|session| session.record.id());
        let id = match known {
            Some(id) => id,
            None => self.begin_now().await?,
        };
        Ok(sessions.forms().issue(id)?)
    }

    /// Whether a form's token is one of this session.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidFormToken`].
    pub fn check_form_token(&self, token: &str) -> Result<(), Error> {
        let sessions = self.manager()?;
        let id = self.look().live().map(|session| session.record.id());
        match id.filter(|id| sessions.forms().check(*id, token)) {
            Some(_) => Ok(()),
            None => Err(Error::new(ErrorKind::InvalidFormToken)),
        }
    }
}
