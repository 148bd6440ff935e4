#include "flow/teams_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/durations.hpp"
#include "base/words.hpp"
#include "flow/project_folder.hpp"
#include "flow/team_keys.hpp"
#include "flow/text_file.hpp"
#include "flow/values.hpp"
#include "schedule/zone.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kTeamsBytesMax = std::size_t{1} << 20;
constexpr std::string_view kTeamsFile = "teams.yaml";
constexpr std::uint32_t kMinutesOfDay = 24 * 60;

std::string text_at(const Node& map, std::string_view key) {
  const Node* at = map.find(key);
  return at == nullptr ? std::string() : std::string(at->text);
}

std::vector<std::string> texts_of(const Node* at) {
  if (at == nullptr) return {};
  if (at->is_scalar()) return {std::string(at->text)};
  std::vector<std::string> out;
  for (const Node* item = at->first; item != nullptr; item = item->next) {
    out.emplace_back(item->text);
  }
  return out;
}

MaybeSecret secret_of(const Node* at) {
  if (at == nullptr) return {};
  if (at->is_scalar()) return {.text = std::string(at->text)};
  return {.text = text_at(*at, "text"), .secret = text_at(*at, "secret")};
}

Millis duration_at(const Node& map, std::string_view key, Millis otherwise) {
  const Node* at = map.find(key);
  return at == nullptr ? otherwise : parse_duration(at->text).value_or(otherwise);
}

/// "22:00" as minutes of the day.
std::optional<std::uint32_t> minutes_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  std::uint32_t hours = 0;
  std::uint32_t minutes = 0;
  const char* const begin = text.data();
  const bool good = std::from_chars(begin, begin + 2, hours).ptr == begin + 2 &&
                    std::from_chars(begin + 3, begin + 5, minutes).ptr == begin + 5;
  if (!good || hours > 24 || minutes > 59 || hours * 60 + minutes > kMinutesOfDay) {
    return std::nullopt;
  }
  return hours * 60 + minutes;
}

class TeamsReader {
 public:
  explicit TeamsReader(Reporter& reporter) : reporter_(reporter) {}

  AlertPlan read(const Node& root) {
    AlertPlan plan;
    std::string json;
    if (!check_plain_secrets(root) || !reader_.read_object(root, kTeamFileKeys, kTeamsFile, json)) {
      return plan;
    }
    for (const TemplateUse& use : uses_.templates) {
      reporter_.error(*use.node, Code::kTemplateNotAllowed, "teams.yaml has no templates");
    }
    each(root, "channels", [&](const Node& name, const Node& value) {
      plan.channels.push_back(channel(name, value));
    });
    std::ranges::sort(plan.channels, {}, &ChannelSpec::name);
    each(root, "teams", [&](const Node& name, const Node& value) {
      check_channels(plan, value.find("channels"));
      plan.teams.push_back({std::string(name.text), text_at(value, "description"),
                            texts_of(value.find("contacts")), texts_of(value.find("channels"))});
    });
    std::ranges::sort(plan.teams, {}, &TeamSpec::name);
    if (const Node* mail = root.find("email"); mail != nullptr) plan.mail = mail_server(*mail);
    check_mail(root, plan);
    if (const Node* rules = root.find("rules"); rules != nullptr) {
      for (const Node* one = rules->first; one != nullptr; one = one->next) {
        plan.rules.push_back(rule(plan, *one));
      }
    }
    check_channels(plan, root.find("default"));
    plan.fallback = texts_of(root.find("default"));
    return plan;
  }

 private:
  /// A secret that somebody wrote down is not repeated in a message.
  bool check_plain_secrets(const Node& root) {
    const auto check = [this](const Node* map, std::string_view key) {
      const Node* value = map == nullptr ? nullptr : map->find(key);
      if (value == nullptr || value->kind == NodeKind::kMap) return true;
      reporter_.error(
          *value, Code::kBadValue,
          fmt::format("a {0} does not stand in a file: write {0}: {{secret: NAME}}, and "
                      "set it with 'dyna secret set NAME'",
                      key));
      return false;
    };
    bool good = check(root.find("email"), "password");
    const Node* channels = root.find("channels");
    if (channels == nullptr || channels->kind != NodeKind::kMap) return good;
    for (const Node* name = channels->first; name != nullptr; name = name->next->next) {
      good = check(name->next, "key") && good;
    }
    return good;
  }

  template <class Do>
  void each(const Node& root, std::string_view key, const Do& what) {
    const Node* map = root.find(key);
    if (map == nullptr) return;
    for (const Node* name = map->first; name != nullptr; name = name->next->next) {
      std::string json;
      if (!reader_.read(*name, KeySpec{.kind = ValueKind::kId}, key, json)) continue;
      what(*name, *name->next);
    }
  }

  ChannelSpec channel(const Node& name, const Node& value) {
    ChannelSpec spec{.name = std::string(name.text)};
    spec.type = parse_channel_type(text_at(value, "type")).value_or(ChannelType::kWebhook);
    spec.url = secret_of(value.find("url"));
    spec.key = secret_of(value.find("key"));
    spec.to = texts_of(value.find("to"));
    if (const Node* headers = value.find("headers"); headers != nullptr) {
      for (const Node* key = headers->first; key != nullptr; key = key->next->next) {
        spec.headers.emplace(key->text, secret_of(key->next));
      }
    }
    check_channel(name, value, spec);
    return spec;
  }

  void check_channel(const Node& name, const Node& value, const ChannelSpec& spec) {
    const auto refuse = [&](std::string_view key) {
      const Node* at = value.find(key);
      if (at == nullptr) return;
      reporter_.error(*at, Code::kBadKey,
                      fmt::format("a channel of type {} has no '{}'", to_string(spec.type), key));
    };
    const auto want = [&](std::string_view key) {
      if (value.find(key) != nullptr) return;
      reporter_.error(name, Code::kMissingKey,
                      fmt::format("channel {} of type {} wants '{}'", quoted(spec.name),
                                  to_string(spec.type), key));
    };
    const bool mail = spec.type == ChannelType::kEmail;
    if (mail) refuse("url");
    if (!mail) refuse("to");
    if (spec.type == ChannelType::kSlack || spec.type == ChannelType::kWebhook) want("url");
    if (spec.type == ChannelType::kPagerDuty) want("key");
    if (spec.type == ChannelType::kSlack || mail) refuse("key");
    if (spec.type != ChannelType::kWebhook) refuse("headers");
    check_secret(value.find("url"));
    const Node* url = value.find("url");
    const std::string& text = spec.url.text;
    if (url != nullptr && !text.empty() && !text.starts_with("https://") &&
        !text.starts_with("http://")) {
      reporter_.error(*url, Code::kBadValue, "'url' begins with https:// or http://");
    }
  }

  /// Of a text and a secret exactly one.
  void check_secret(const Node* at) {
    if (at == nullptr || at->is_scalar()) return;
    if ((at->find("text") == nullptr) == (at->find("secret") == nullptr)) {
      reporter_.error(*at, Code::kBadValue, "it has either 'text' or 'secret'");
    }
  }

  void check_channels(const AlertPlan& plan, const Node* names) {
    if (names == nullptr) return;
    const auto check = [&](const Node& name) {
      if (plan.channel(name.text) != nullptr) return;
      reporter_.error(
          name, Code::kBadValue,
          fmt::format("there is no channel {}; 'channels' declares them", quoted(name.text)));
    };
    if (names->is_scalar()) return check(*names);
    for (const Node* name = names->first; name != nullptr; name = name->next) check(*name);
  }

  void check_mail(const Node& root, const AlertPlan& plan) {
    const auto mail = std::ranges::find(plan.channels, ChannelType::kEmail, &ChannelSpec::type);
    if (mail == plan.channels.end() || plan.mail.has_value()) return;
    reporter_.error(root, Code::kMissingKey,
                    fmt::format("channel {} is of type email, and 'email' names no server",
                                quoted(mail->name)));
  }

  MailServer mail_server(const Node& at) {
    using Tls = MailServer::Tls;
    MailServer mail{.host = text_at(at, "host")};
    const std::string tls = text_at(at, "tls");
    mail.tls = tls == "tls" ? Tls::kWhole : tls == "none" ? Tls::kNone : Tls::kStartTls;
    mail.port = mail.tls == Tls::kWhole ? 465 : mail.tls == Tls::kNone ? 25 : 587;
    if (const Node* port = at.find("port"); port != nullptr) {
      std::from_chars(port->text.data(), port->text.data() + port->text.size(), mail.port);
    }
    mail.from = text_at(at, "from");
    mail.user = text_at(at, "user");
    mail.password = secret_of(at.find("password"));
    mail.ca_file = text_at(at, "ca_file");
    const bool here = mail.host == "localhost" || mail.host == "::1" || mail.host == "127.0.0.1";
    if (mail.tls == Tls::kNone && !here) {
      reporter_.error(*at.find("tls"), Code::kBadValue,
                      "'none' is for a server on this machine: localhost, 127.0.0.1, ::1");
    }
    if (mail.user.empty() != mail.password.empty()) {
      reporter_.error(at, Code::kMissingKey, "'user' and 'password' go together");
    }
    return mail;
  }

  AlertRule rule(const AlertPlan& plan, const Node& at) {
    AlertRule rule;
    for (const std::string& kind : texts_of(at.find("when"))) {
      rule.kinds.push_back(parse_notice_kind(kind).value_or(NoticeKind::kFailed));
    }
    rule.teams = texts_of(at.find("teams"));
    rule.namespaces = texts_of(at.find("namespaces"));
    if (const Node* channels = at.find("channels"); channels != nullptr) {
      check_channels(plan, channels);
      rule.channels = texts_of(channels);
    }
    rule.wait = duration_at(at, "wait", rule.wait);
    rule.repeat = duration_at(at, "repeat", rule.repeat);
    if (const Node* told = at.find("recovered"); told != nullptr) {
      rule.recovered = told->text == "true";
    }
    if (const Node* quiet = at.find("quiet"); quiet != nullptr) rule.quiet = quiet_hours(*quiet);
    if (const Node* escalate = at.find("escalate"); escalate != nullptr) {
      check_channels(plan, escalate->find("channels"));
      rule.escalate_after = duration_at(*escalate, "after", 0);
      rule.escalate_to = texts_of(escalate->find("channels"));
    }
    return rule;
  }

  QuietHours quiet_hours(const Node& at) {
    QuietHours quiet;
    for (auto [key, minutes] : {std::pair("from", &quiet.from), std::pair("to", &quiet.to)}) {
      const Node& text = *at.find(key);
      const auto found = minutes_of(text.text);
      if (!found.has_value()) {
        reporter_.error(
            text, Code::kBadValue,
            fmt::format("'{}' is a time of the day as \"22:00\", not {}", key, quoted(text.text)));
      }
      *minutes = found.value_or(0) % kMinutesOfDay;
    }
    if (const auto days = texts_of(at.find("days")); !days.empty()) {
      quiet.days = 0;
      for (const std::string& day : days) {
        const auto place = std::ranges::find(team_detail::kDays, day) - team_detail::kDays.begin();
        quiet.days = static_cast<std::uint8_t>(quiet.days | (1U << place));
      }
    }
    const Node* zone = at.find("timezone");
    if (zone == nullptr) return quiet;
    quiet.timezone = zone->text;
    const auto known = schedule::Zone::find(quiet.timezone);
    if (!known.has_value()) reporter_.error(*zone, Code::kBadValue, known.error().message);
    return quiet;
  }

  Reporter& reporter_;
  Uses uses_;
  ValueReader reader_{reporter_, uses_};
};

}  // namespace

std::string teams_path(const std::string& folder) {
  return fmt::format("{}/{}", project_folder(folder), kTeamsFile);
}

Result<Teams> load_teams(const std::string& path) {
  Teams teams{.file = path};
  const auto text = read_text_file(path, kTeamsBytesMax);
  if (!text.has_value()) {
    if (text.error().code == ErrorCode::kNotFound) return teams;
    return std::unexpected<Error>(text.error());
  }
  teams.is_there = true;
  Findings findings;
  Reporter reporter(findings, path, *text);
  YamlTree tree;
  const Node* root = is_blank(*text) ? nullptr : tree.load(*text, reporter);
  if (root != nullptr) teams.plan = TeamsReader(reporter).read(*root);
  if (teams.plan.mail.has_value() && !teams.plan.mail->ca_file.empty()) {
    std::string& file = teams.plan.mail->ca_file;
    file = (std::filesystem::path(path).parent_path() / file).lexically_normal().string();
  }
  if (!findings.has_error()) return teams;
  std::string all;
  for (const Diagnostic& found : findings.take(std::string(kTeamsFile))) {
    all += (all.empty() ? "" : "\n") + format(found);
  }
  return fail(ErrorCode::kInvalidArgument, std::move(all));
}

}  // namespace cordyna::flow
