/// Who is told of what went wrong, and how: the teams, channels and rules of a project's
/// teams.yaml.
///
/// Values. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "model/notice.hpp"

namespace cordyna {

inline constexpr std::size_t kChannelsMax = 200;
inline constexpr std::size_t kTeamsMax = 2000;
inline constexpr std::size_t kAlertRulesMax = 200;

enum class ChannelType : std::uint8_t {
  kSlack,      ///< an incoming webhook of Slack, or of what speaks its language
  kWebhook,    ///< JSON, signed as Standard Webhooks has it
  kPagerDuty,  ///< its Events API v2, or of what speaks its language
  kEmail,
};

[[nodiscard]] std::string_view to_string(ChannelType type);
[[nodiscard]] std::optional<ChannelType> parse_channel_type(std::string_view text);

/// A value, or the name of the secret that holds it; both empty: none.
struct MaybeSecret {
  std::string text{};
  std::string secret{};

  [[nodiscard]] bool empty() const { return text.empty() && secret.empty(); }
  bool operator==(const MaybeSecret&) const = default;
};

struct ChannelSpec {
  std::string name;
  ChannelType type = ChannelType::kWebhook;
  MaybeSecret url{};                             ///< not of e-mail
  MaybeSecret key{};                             ///< PagerDuty's; what a webhook is signed with
  std::map<std::string, MaybeSecret> headers{};  ///< of a webhook
  std::vector<std::string> to{};                 ///< of e-mail; empty: the contacts of the team

  bool operator==(const ChannelSpec&) const = default;
};

struct TeamSpec {
  std::string name;
  std::string description{};
  std::vector<std::string> contacts{};
  std::vector<std::string> channels{};

  bool operator==(const TeamSpec&) const = default;
};

/// Minutes of the day by the clocks of a zone. `from` above `to`: over midnight; both the same: the
/// whole day.
struct QuietHours {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint8_t days = 0x7f;  ///< on which they begin: 1 << 0 is Monday
  std::string timezone = "UTC";

  bool operator==(const QuietHours&) const = default;
};

struct AlertRule {
  // What it is for; empty: any.
  std::vector<NoticeKind> kinds{};
  std::vector<std::string> teams{};
  std::vector<std::string> namespaces{};  ///< with those below them

  std::optional<std::vector<std::string>> channels{};  ///< nullopt: the team's; empty: nobody
  Millis wait = 30'000;                                ///< what comes within is told together
  Millis repeat = 14'400'000;  ///< what goes on failing is told again no sooner
  bool recovered = true;       ///< it is told when all is well again
  std::optional<QuietHours> quiet{};
  Millis escalate_after = 0;  ///< of what is not well by then; 0: nobody else is told
  std::vector<std::string> escalate_to{};

  bool operator==(const AlertRule&) const = default;
};

/// How e-mail is sent.
struct MailServer {
  std::string host;
  std::uint16_t port = 0;
  enum class Tls : std::uint8_t { kWhole, kStartTls, kNone } tls = Tls::kStartTls;
  std::string from;
  std::string user{};
  MaybeSecret password{};
  std::string ca_file{};  ///< absolute; empty: those of the system alone

  bool operator==(const MailServer&) const = default;
};

struct AlertPlan {
  std::vector<TeamSpec> teams{};        ///< in order of their names
  std::vector<ChannelSpec> channels{};  ///< in order of their names
  std::vector<AlertRule> rules{};       ///< the first that fits decides
  std::vector<std::string> fallback{};  ///< channels for owners that are no team
  std::optional<MailServer> mail{};

  [[nodiscard]] const TeamSpec* team(std::string_view name) const;
  [[nodiscard]] const ChannelSpec* channel(std::string_view name) const;
  bool operator==(const AlertPlan&) const = default;
};

}  // namespace cordyna
