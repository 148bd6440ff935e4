#include "alert/mail.hpp"

#include <utility>

#include "rust/mail_ffi.h"

namespace cordyna::alert {
namespace {

constexpr std::string_view kIdDomain = "@cordyna.local";

DynaBytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void keep(void* self, DynaBytes why) {
  static_cast<std::string*>(self)->assign(reinterpret_cast<const char*>(why.data), why.size);
}

std::uint8_t tls_of(MailServer::Tls tls) {
  switch (tls) {
    case MailServer::Tls::kWhole: return DYNA_TLS_WHOLE;
    case MailServer::Tls::kStartTls: return DYNA_TLS_STARTTLS;
    case MailServer::Tls::kNone: break;
  }
  return DYNA_TLS_NONE;
}

}  // namespace

Result<> send_mail(const MailServer& server, const Mail& mail, Millis wait) {
  std::vector<DynaBytes> to;
  to.reserve(mail.to.size());
  for (const std::string& one : mail.to) to.push_back(bytes_of(one));
  const std::string id = mail.id + std::string(kIdDomain);
  const DynaMail out{.host = bytes_of(server.host),
                     .port = server.port,
                     .tls = tls_of(server.tls),
                     .user = bytes_of(server.user),
                     .password = bytes_of(mail.password),
                     .ca_pem = bytes_of(mail.ca_pem),
                     .wait_ms = static_cast<std::uint32_t>(wait),
                     .from = bytes_of(server.from),
                     .to = to.data(),
                     .to_count = to.size(),
                     .subject = bytes_of(mail.subject),
                     .text = bytes_of(mail.text),
                     .id = bytes_of(id),
                     .at_ms = mail.at};
  std::string why;
  const DynaMailProblem problem{&why, &keep};
  switch (dyna_mail_send(&out, &problem)) {
    case DYNA_MAIL_SENT: return {};
    case DYNA_MAIL_REFUSED: return fail(ErrorCode::kDenied, std::move(why));
    case DYNA_MAIL_UNREACHABLE: return fail(ErrorCode::kUnavailable, std::move(why));
    case DYNA_MAIL_WRONG: return fail(ErrorCode::kInvalidArgument, std::move(why));
    default: return fail(ErrorCode::kInternal, "the library of e-mail: " + why);
  }
}

bool is_mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos &&
         text.find('\n') == std::string_view::npos;
}

}  // namespace cordyna::alert
