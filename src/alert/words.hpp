/// A message in words, and as what each type of channel takes.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alert/incident.hpp"

namespace cordyna::alert {

struct Words {
  std::string title;  ///< one line
  std::string text;   ///< more lines, each of them one incident
};

/// `base`: where the web UI is, "https://dyna.example/ui"; empty: there are no links.
[[nodiscard]] Words words_of(const Message& message, std::string_view base);

/// JSON bodies for the type of channel.
[[nodiscard]] std::string slack_body(const Words& words);
[[nodiscard]] std::string webhook_body(const Message& message, std::string_view base);
/// One for each event; none: there is nothing to say.
[[nodiscard]] std::vector<std::string> pagerduty_bodies(const Message& message,
                                                        std::string_view base,
                                                        std::string_view key);

}  // namespace cordyna::alert
