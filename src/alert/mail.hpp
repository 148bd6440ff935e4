/// One e-mail.
///
/// Blocks. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/alert.hpp"

namespace cordyna::alert {

struct Mail {
  std::string password;
  std::string ca_pem;
  std::vector<std::string> to;
  std::string subject;
  std::string text;
  std::string id;  ///< the Message-ID's left part: the same for each repeat
  Millis at = 0;
};

/// Each wait is at most `wait`. Errors: kUnavailable: not now; kDenied: the server refused it;
/// kInvalidArgument: an address, or a file of CAs, that is none; kInternal. None holds the
/// password.
[[nodiscard]] Result<> send_mail(const MailServer& server, const Mail& mail, Millis wait);

/// Whether it looks like an address: "data@example.com", "Data <data@example.com>".
[[nodiscard]] bool is_mail_address(std::string_view text);

}  // namespace cordyna::alert
