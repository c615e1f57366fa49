//! What faults do to replies that are otherwise finished. Without a fault each function gives back what it got.

use http::Response;
use http::header::{self, HeaderValue};

use crate::fault::Fault;
use crate::refusals;
use crate::reply::{Drafted, Refusal, Voice};
use crate::route::Route;
use crate::tenant::Tenant;

impl Tenant {
    /// Where a request goes: as its path says, but for [`Fault::DeviceApiAtRootOnly`].
    pub(crate) fn bent_route<'p>(&self, route: Option<Route<'p>>, path: &str) -> Option<Route<'p>> {
        let is_off = path.starts_with("/appliance-mfa/") && self.has(Fault::DeviceApiAtRootOnly);
        route.filter(|_| !is_off)
    }

    /// A wrong method is 405, but for [`Fault::WrongMethodIs500`].
    pub(crate) fn bent_method_refusal(&self, refusal: Refusal) -> Refusal {
        if self.has(Fault::WrongMethodIs500) {
            refusals::server_error()
        } else {
            refusal
        }
    }

    pub(crate) fn bend_draft(&self, voice: Voice, mut draft: Drafted) -> Drafted {
        if self.has(Fault::ErrorsAre200) && voice == Voice::Token {
            draft.status = 200;
        }
        if self.has(Fault::NoWaitHint) && draft.more.throttled {
            draft.more.level = None;
            if let Some(body) = draft.body.as_mut().and_then(|body| body.as_object_mut()) {
                body.shift_remove("interval");
            }
        }
        draft
    }

    /// A refusal of something that was sent as proof.
    pub(crate) fn echoing(&self, refusal: Refusal, sent: &str) -> Refusal {
        if !self.has(Fault::ErrorsEchoSecrets) {
            return refusal;
        }
        Refusal {
            description: format!("{} Got: {sent}", refusal.description).into(),
            ..refusal
        }
    }

    pub(crate) fn bend_response(
        &self,
        voice: Voice,
        mut response: Response<Vec<u8>>,
    ) -> Response<Vec<u8>> {
        if self.has(Fault::TokensCacheable) && voice == Voice::Token {
            response.headers_mut().remove(header::CACHE_CONTROL);
            response.headers_mut().remove(header::PRAGMA);
        }
        if self.has(Fault::HtmlErrors) && response.status().as_u16() >= 400 {
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
            *response.body_mut() = b"<html><body><h1>Error</h1></body></html>".to_vec();
        }
        response
    }
}
