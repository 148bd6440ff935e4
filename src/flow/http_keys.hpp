/// The keys of a task of type `http`.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/key_spec.hpp"
#include "flow/remote_keys.hpp"

namespace cordyna::flow::http_detail {

using remote_detail::kConnectTimeout;
using remote_detail::kIdleTimeout;
using remote_detail::kSecretFields;
using K = ValueKind;

inline constexpr std::array kMethods{std::string_view("GET"),    std::string_view("POST"),
                                     std::string_view("PUT"),    std::string_view("PATCH"),
                                     std::string_view("DELETE"), std::string_view("HEAD"),
                                     std::string_view("OPTIONS")};
inline constexpr KeySpec kHttpText{.kind = K::kTemplate};
inline constexpr KeySpec kStatusItem{.kind = K::kText};

inline constexpr std::array kHttpAuthFields{
    KeySpec{.name = "user", .kind = K::kTemplate, .description = "Who asks (Basic)."},
    KeySpec{.name = "password",
            .kind = K::kObject,
            .description = "Never the password itself: {secret: NAME}.",
            .fields = kSecretFields},
    KeySpec{.name = "token",
            .kind = K::kObject,
            .description = "Instead of both, a token (Bearer): {secret: NAME}.",
            .fields = kSecretFields},
};

inline constexpr std::array kCallFields{
    kConnectTimeout,
    kIdleTimeout,
    KeySpec{.name = "timeout",
            .kind = K::kDuration,
            .description = "How long one attempt's call may take, to the last byte. Without it, "
                           "10m.",
            .least = 1},
    KeySpec{.name = "max_size",
            .kind = K::kSize,
            .description = "How large an answer may be. Without it, 100MB.",
            .least = 1},
};

inline constexpr std::array kHttp{
    KeySpec{.name = "url",
            .kind = K::kUrl,
            .description = "https://… or http://…. Each value is percent-encoded, so that it stays "
                           "within its part of the address; at the very beginning a value may be "
                           "an address. Neither what is behind \"?\" nor a secret('NAME') is "
                           "written to the log.",
            .required = true},
    KeySpec{.name = "method",
            .kind = K::kEnum,
            .description = "Without it, POST where there is a body, else GET.",
            .words = kMethods},
    KeySpec{.name = "headers",
            .kind = K::kMap,
            .description = "Headers of the request, as \"{{ secret('API_KEY') }}\". Another server "
                           "that it redirects to gets none.",
            .shared = true,
            .item = &kHttpText},
    KeySpec{.name = "body",
            .kind = K::kTemplate,
            .description = "The request's body, as text/plain unless `headers` says otherwise."},
    KeySpec{.name = "json",
            .kind = K::kAny,
            .description = "Instead of `body`, any value, sent as application/json; a string that "
                           "is one template becomes its value, with its type."},
    KeySpec{.name = "form",
            .kind = K::kMap,
            .description = "Instead of `body`, fields of a form, sent as "
                           "application/x-www-form-urlencoded.",
            .keeps_order = true,
            .item = &kHttpText},
    KeySpec{.name = "accept_status",
            .kind = K::kList,
            .description = "Which answers are a success: statuses and ranges of them. All others "
                           "fail the task: 408, 425, 429 and 5xx as SOURCE_UNAVAILABLE, which "
                           "`retry` tries again, and not before the server's Retry-After, up to "
                           "5m.",
            .one_or_list = true,
            .shared = true,
            .preset = R"(["200-299"])",
            .item = &kStatusItem,
            .least = 1,
            .most = 100},
    KeySpec{.name = "sign",
            .kind = K::kObject,
            .description =
                "{secret: NAME}: signs the request as Standard Webhooks say: the headers "
                "webhook-id, the same for all attempts, webhook-timestamp and "
                "webhook-signature (HMAC-SHA256 with the secret; behind whsec_ it is "
                "Base64).",
            .shared = true,
            .fields = kSecretFields},
    KeySpec{.name = "auth",
            .kind = K::kObject,
            .description = "Who we are to the server: user and password, or a token.",
            .shared = true,
            .fields = kHttpAuthFields},
    KeySpec{.name = "follow_redirects",
            .kind = K::kBool,
            .description = "Whether redirects are followed, at most five. Without it, those of GET "
                           "and HEAD are. No body goes to another server."},
    KeySpec{.name = "allow_private",
            .kind = K::kBool,
            .description = "Whether a host that inputs, events or outputs choose may be one that "
                           "not everybody gets to: this machine, private networks. Hosts that "
                           "the flow names itself may be; link-local addresses never are.",
            .shared = true,
            .preset = "false"},
    KeySpec{.name = "transfer",
            .kind = K::kObject,
            .description = "How the call goes over the network.",
            .shared = true,
            .fields = kCallFields},
};

}  // namespace cordyna::flow::http_detail
