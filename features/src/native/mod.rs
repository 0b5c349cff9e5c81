//! Features that only native servers have: HTTP.sys, IIS, the modules of other servers.

mod delegation;
mod environment;
mod request;

pub use self::{
    delegation::{DelegationRule, HttpSysRequestDelegationFeature, ServerDelegationFeature},
    environment::{
        IisEnvironment, IisEnvironmentFeature, PlainServerIntegratedAuth, PlainServerVariables,
        ServerIntegratedAuthFeature, ServerVariablesFeature,
    },
    request::{
        HttpSysRequestInfoFeature, HttpSysRequestPropertyFeature, HttpSysRequestTimingFeature,
        PlainNativeRequest, RequestTimingType,
    },
};
