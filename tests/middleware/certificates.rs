//! Certificates from the proxy.

use std::sync::Arc;

use falconry::{
    HttpContext, Middleware, Next, Result,
    features::{BoxFuture, Certificate},
    middleware::{CertificateForwarding, CertificateForwardingOptions},
};

use crate::app;

#[tokio::test]
async fn the_certificate_of_the_field_is_that_of_the_request() {
    let (_server, client, witness) = app::behind(CertificateForwarding::default()).await;
    client.get("/").header("x-client-cert", "MAMCAQA=").send().await.unwrap().assert_status(200);
    let seen = witness.take().unwrap();
    assert_eq!(seen.certificate.as_deref(), Some([0x30, 3, 2, 1, 0].as_slice()));
}

#[tokio::test]
async fn a_value_that_is_no_certificate_is_none() {
    let (_server, client, witness) = app::behind(CertificateForwarding::default()).await;
    for value in ["!", "AAAA", "MAMCAQ"] {
        client.get("/").header("x-client-cert", value).send().await.unwrap().assert_status(200);
        assert_eq!(witness.take().unwrap().certificate, None, "{value}");
    }
    for request in [client.get("/"), client.get("/").header("x-client-cert", "")] {
        request.send().await.unwrap().assert_status(200);
        assert!(!witness.take().unwrap().is_tls);
    }
}

#[tokio::test]
async fn afterwards_the_connection_is_as_it_was() {
    let (_server, client, witness) = app::behind(Around).await;
    client.get("/").header("x-client-cert", "MAMCAQA=").send().await.unwrap().assert_body("seen").await;
    assert!(witness.take().unwrap().is_tls);
}

/// The middleware, and a look at what it leaves.
struct Around;

impl Middleware for Around {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            CertificateForwarding::default().handle(ctx, next).await?;
            match ctx.tls() {
                None => Ok(()),
                Some(_) => Err("the certificate of this request is that of the next".into()),
            }
        })
    }
}

#[tokio::test]
async fn a_program_may_read_the_field_of_its_proxy() {
    let mut options = CertificateForwardingOptions::default();
    options.certificate_header = "ssl-client-cert".parse().unwrap();
    options.header_converter = Arc::new(|value| Some(Certificate::from_der(value.as_bytes().to_vec())));
    let (_server, client, witness) = app::behind(CertificateForwarding::new(options)).await;
    client.get("/").header("ssl-client-cert", "any").send().await.unwrap().assert_status(200);
    assert_eq!(witness.take().unwrap().certificate.as_deref(), Some(b"any".as_slice()));
}
