#include "alert/book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "alert/quiet.hpp"

namespace cordyna::alert {
namespace {

constexpr Millis kFirstTryAgain = 1000;
constexpr Millis kLongestTryAgain = 300'000;
constexpr std::int64_t kDoublings = 9;  // beyond kLongestTryAgain
constexpr Millis kForgottenAfter = Millis{30} * 86'400'000;

const AlertRule kPlain{};

std::string key_of(const NoticeRow& notice) {
  const std::string place = notice.ns.empty() ? notice.flow_id : notice.ns + "/" + notice.flow_id;
  switch (notice.kind) {
    case NoticeKind::kRetrying:  // what it may become
    case NoticeKind::kFailed: return fmt::format("failed {} {}", place, without_items(notice.path));
    case NoticeKind::kBlocked: return fmt::format("blocked {} {}", place, notice.team);
    // Each of these ends by itself.
    case NoticeKind::kHeld: return fmt::format("held {} {} {}", place, notice.path, notice.run);
    case NoticeKind::kLate: return fmt::format("late {} {}", place, notice.run);
    case NoticeKind::kStuck:
      return fmt::format("stuck {} {} {}", place, without_items(notice.path), notice.run);
    case NoticeKind::kLost: break;
  }
  // "server/team/name/1700000000000": the last part is since when.
  return fmt::format("lost {}", std::string_view(notice.id).substr(0, notice.id.rfind('/')));
}

bool is_below(std::string_view ns, std::string_view parent) {
  return ns == parent || (ns.starts_with(parent) && ns[parent.size()] == '.');
}

bool fits(const AlertRule& rule, NoticeKind kind, std::string_view team, std::string_view ns) {
  // What is tried again mostly goes well: only who asks for it hears of it.
  if (rule.kinds.empty() && kind == NoticeKind::kRetrying) return false;
  if (!rule.kinds.empty() && std::ranges::find(rule.kinds, kind) == rule.kinds.end()) return false;
  if (!rule.teams.empty() && std::ranges::find(rule.teams, team) == rule.teams.end()) return false;
  return rule.namespaces.empty() ||
         std::ranges::any_of(rule.namespaces, [&](const auto& one) { return is_below(ns, one); });
}

const AlertRule& rule_for(const AlertPlan& plan, NoticeKind kind, std::string_view team,
                          std::string_view ns) {
  const auto found = std::ranges::find_if(
      plan.rules, [&](const AlertRule& rule) { return fits(rule, kind, team, ns); });
  return found == plan.rules.end() ? kPlain : *found;
}

Millis not_in_quiet(const AlertRule& rule, Millis at) {
  return rule.quiet.has_value() ? after_quiet(*rule.quiet, at) : at;
}

void take_in_notice(Incident& incident, const NoticeRow& notice) {
  const bool is_retry = notice.kind == NoticeKind::kRetrying;
  if (is_retry && incident.count > 0 && incident.kind == NoticeKind::kFailed &&
      incident.well_at == 0) {
    return;  // that it fails is known
  }
  if (incident.well_at != 0) {  // it goes wrong anew: nobody is at that yet
    incident.acknowledged_at = 0;
    incident.acknowledged_by.clear();
  }
  incident.kind = notice.kind;
  incident.team = notice.team;
  incident.cause = notice.cause;
  incident.ns = notice.ns;
  incident.flow_id = notice.flow_id;
  incident.path = notice.kind == NoticeKind::kHeld ? notice.path : without_items(notice.path);
  incident.code = notice.code;
  incident.text = notice.text;
  incident.last_at = std::max(incident.last_at, notice.at);
  incident.last_run = std::max(incident.last_run, notice.run);
  ++incident.count;
  incident.well_at = 0;
}

}  // namespace

void AlertBook::set_plan(AlertPlan plan) {
  plan_ = std::move(plan);
  if (plan_.channels.empty()) return;
  // Of a channel that is gone nobody hears any more.
  const auto gone = [this](const auto& one) { return plan_.channel(one.channel) == nullptr; };
  std::erase_if(incidents_, gone);
  std::erase_if(waiting_, gone);
}

const AlertRule& AlertBook::rule_of(const Incident& incident) const {
  return rule_for(plan_, incident.kind, incident.team, incident.ns);
}

const AlertRule& AlertBook::rule_of(const NoticeRow& notice) const {
  return rule_for(plan_, notice.kind, notice.team, notice.ns);
}

std::vector<std::string> AlertBook::channels_of(const NoticeRow& notice) const {
  const AlertRule& rule = rule_of(notice);
  if (notice.kind == NoticeKind::kRetrying && &rule == &kPlain) return {};
  if (rule.channels.has_value()) return *rule.channels;
  const TeamSpec* team = plan_.team(notice.team);
  return team == nullptr || team->channels.empty() ? plan_.fallback : team->channels;
}

void AlertBook::note(const NoticeRow& notice) {
  if (notice.no <= cursor_) return;
  cursor_ = notice.no;
  const std::string key = key_of(notice);
  std::vector<std::string> channels = channels_of(notice);
  // Who heard that it was tried again hears what became of that, too.
  for (const Incident& one : incidents_) {
    const bool was_tried = one.key == key && one.kind == NoticeKind::kRetrying &&
                           notice.kind == NoticeKind::kFailed && one.well_at == 0;
    if (was_tried && std::ranges::find(channels, one.channel) == channels.end()) {
      channels.push_back(one.channel);
    }
  }
  for (const std::string& channel : channels) {
    if (Incident* one = find_or_begin(channel, key, notice); one != nullptr) {
      take_in_notice(*one, notice);
    }
  }
}

Incident* AlertBook::find_or_begin(const std::string& channel, const std::string& key,
                                   const NoticeRow& notice) {
  const auto found = std::ranges::find_if(
      incidents_, [&](const Incident& one) { return one.channel == channel && one.key == key; });
  if (found != incidents_.end()) return &*found;
  if (incidents_.size() >= kIncidentsMax) return nullptr;
  Incident fresh{.key = key, .channel = channel};
  fresh.first_at = notice.at;
  fresh.first_run = notice.run;
  return &incidents_.emplace_back(std::move(fresh));
}

void AlertBook::ended_well(std::string_view ns, std::string_view flow_id, std::int64_t run,
                           Millis at) {
  for (Incident& incident : incidents_) {
    const bool by_runs = incident.kind == NoticeKind::kFailed ||
                         incident.kind == NoticeKind::kBlocked ||
                         incident.kind == NoticeKind::kRetrying;
    const bool is_of_it =
        by_runs && incident.ns == ns && incident.flow_id == flow_id && incident.last_run < run;
    if (is_of_it && incident.well_at == 0) incident.well_at = std::max(at, incident.last_at);
  }
}

void AlertBook::moved_on(std::int64_t run, std::string_view path, Millis at) {
  const std::string whole = without_items(path);
  for (Incident& incident : incidents_) {
    if (incident.last_run != run || incident.well_at != 0) continue;
    const bool is_it = (incident.kind == NoticeKind::kHeld && incident.path == path) ||
                       (incident.kind == NoticeKind::kStuck && incident.path == whole);
    if (is_it) incident.well_at = std::max(at, incident.last_at);
  }
}

void AlertBook::ended(std::int64_t run, Millis at) {
  for (Incident& incident : incidents_) {
    if (incident.last_run != run || incident.well_at != 0) continue;
    if (is_of_a_moment(incident.kind)) incident.well_at = std::max(at, incident.last_at);
  }
}

void AlertBook::server_back(std::string_view server, Millis at) {
  const std::string key = fmt::format("lost server/{}", server);
  for (Incident& incident : incidents_) {
    if (incident.key != key || incident.well_at != 0) continue;
    incident.well_at = std::max(at, incident.last_at);
  }
}

Result<> AlertBook::acknowledge(std::string_view id, std::string by, Millis at) {
  const auto found = std::ranges::find_if(
      incidents_, [id](const Incident& one) { return one.well_at == 0 && id_of(one) == id; });
  if (found == incidents_.end()) {
    return fail(ErrorCode::kNotFound, "nothing of that id is not well; it may be well again");
  }
  const std::string key = found->key;
  for (Incident& one : incidents_) {
    if (one.key != key || one.well_at != 0 || one.acknowledged_at != 0) continue;
    one.acknowledged_at = at;
    one.acknowledged_by = by;
  }
  return {};
}

std::optional<Millis> AlertBook::due(const Incident& incident) const {
  const AlertRule& rule = rule_of(incident);
  const bool is_acknowledged = incident.acknowledged_at != 0;
  if (is_acknowledged && (incident.well_at == 0 || incident.opened_at == 0)) return std::nullopt;
  if (incident.opened_at == 0) return not_in_quiet(rule, incident.first_at + rule.wait);
  if (incident.well_at != 0) return not_in_quiet(rule, incident.well_at + rule.wait);
  if (incident.count == incident.told) return std::nullopt;
  return not_in_quiet(rule, incident.told_at + rule.repeat);
}

std::optional<Millis> AlertBook::escalation_due(const Incident& incident) const {
  const AlertRule& rule = rule_of(incident);
  const bool is_possible = rule.escalate_after != 0 && incident.opened_at != 0 &&
                           incident.well_at == 0 && !incident.escalated &&
                           incident.acknowledged_at == 0;
  if (!is_possible) return std::nullopt;
  return not_in_quiet(rule, incident.opened_at + rule.escalate_after);
}

std::optional<Millis> AlertBook::next() const {
  if (plan_.channels.empty()) return std::nullopt;
  std::optional<Millis> first;
  const auto sooner = [&first](std::optional<Millis> at) {
    if (at.has_value() && (!first.has_value() || *at < *first)) first = at;
  };
  for (const Incident& incident : incidents_) {
    sooner(due(incident));
    sooner(escalation_due(incident));
  }
  std::set<std::string_view> seen;
  for (const Message& message : waiting_) {
    if (seen.insert(message.channel).second) sooner(message.next_at);
  }
  return first;
}

Message& AlertBook::add_message(const std::string& channel, MessageType type, Millis now) {
  const auto of_channel = std::ranges::count(waiting_, channel, &Message::channel);
  if (static_cast<std::size_t>(of_channel) >= kWaitingMax) {
    waiting_.erase(std::ranges::find(waiting_, channel, &Message::channel));
    ++given_up_;
  }
  Message message{
      .id = fmt::format("alert-{}-{}", next_id_++, now), .channel = channel, .type = type};
  message.at = now;
  message.next_at = now;
  return waiting_.emplace_back(std::move(message));
}

void AlertBook::add_incident(Message& message, const Incident& incident) {
  ++message.incidents_in_all;
  if (message.incidents.size() < kIncidentsShown) message.incidents.push_back(incident);
}

/// What is due takes along what is not yet: one message rather than two.
bool AlertBook::tell_failing(const std::string& channel, Millis now) {
  Message* message = nullptr;
  for (const bool along : {false, true}) {
    for (Incident& incident : incidents_) {
      if (incident.channel != channel || incident.told == incident.count) continue;
      if (incident.acknowledged_at != 0) continue;
      if (incident.opened_at != 0 && incident.well_at != 0) continue;  // told with its recovery
      const auto at = due(incident);
      const bool is_quiet = not_in_quiet(rule_of(incident), now) != now;
      const bool now_due = at.has_value() && *at <= now;
      const bool goes_along = along && message != nullptr && incident.opened_at == 0 && !is_quiet;
      if (!now_due && !goes_along) continue;
      if (message == nullptr) message = &add_message(channel, MessageType::kFailing, now);
      message->notices += incident.count - incident.told;
      incident.told = incident.count;
      incident.told_at = now;
      if (incident.opened_at == 0) {
        incident.opened_at = now;
        incident.group = message->id;
      }
      add_incident(*message, incident);
    }
  }
  return message != nullptr;
}

bool AlertBook::tell_recovered(const std::string& channel, Millis now) {
  const auto is_well = [&](const Incident& one) {
    return one.channel == channel && one.opened_at != 0 && one.well_at != 0;
  };
  const bool is_due = std::ranges::any_of(incidents_, [&](const Incident& one) {
    return is_well(one) && due(one).value_or(now) <= now;
  });
  if (!is_due) return false;
  // What was told of when it was well already needs no word, but for a program that counts.
  const ChannelSpec* spec = plan_.channel(channel);
  const bool counts = spec != nullptr && spec->type == ChannelType::kPagerDuty;
  const auto wants_word = [&](const Incident& one) {
    const bool news = counts || one.opened_at <= one.well_at;
    return (rule_of(one).recovered && news) || one.told != one.count;
  };
  Message* message = nullptr;
  std::set<std::string> groups;
  for (const Incident& incident : incidents_) {
    if (!is_well(incident)) continue;
    groups.insert(incident.group);
    if (!wants_word(incident)) continue;
    if (message == nullptr) message = &add_message(channel, MessageType::kRecovered, now);
    message->notices += incident.count - incident.told;
    add_incident(*message, incident);
  }
  std::erase_if(incidents_, is_well);
  if (message == nullptr) return false;
  for (const Incident& incident : incidents_) groups.erase(incident.group);
  message->groups.assign(groups.begin(), groups.end());
  return true;
}

bool AlertBook::escalate(Millis now) {
  bool told = false;
  for (Incident& incident : incidents_) {
    const auto at = escalation_due(incident);
    if (!at.has_value() || *at > now) continue;
    incident.escalated = true;
    for (const std::string& channel : rule_of(incident).escalate_to) {
      const auto open = std::ranges::find_if(waiting_, [&](const Message& one) {
        return one.channel == channel && one.type == MessageType::kEscalated && one.at == now;
      });
      Message& message =
          open == waiting_.end() ? add_message(channel, MessageType::kEscalated, now) : *open;
      message.notices += incident.count;
      add_incident(message, incident);
      told = true;
    }
  }
  return told;
}

/// What fails once and never runs again would stay for ever.
void AlertBook::forget_ended(Millis now) {
  std::erase_if(incidents_, [now](const Incident& one) {
    if (one.acknowledged_at != 0) {
      const bool nobody_heard = one.opened_at == 0 && one.well_at != 0;
      return nobody_heard || one.last_at + kForgottenAfter < now;
    }
    return one.told == one.count && one.told_at != 0 && one.told_at + kForgottenAfter < now;
  });
  std::erase_if(waiting_, [this, now](const Message& one) {
    if (one.at + kTriedFor >= now) return false;
    ++given_up_;
    return true;
  });
}

bool AlertBook::advance(Millis now) {
  if (plan_.channels.empty()) return false;
  bool any = false;
  for (const ChannelSpec& channel : plan_.channels) {
    any = tell_failing(channel.name, now) || any;
    any = tell_recovered(channel.name, now) || any;
  }
  any = escalate(now) || any;
  forget_ended(now);
  return any;
}

std::vector<Message> AlertBook::to_send(Millis now) const {
  std::vector<Message> out;
  if (plan_.channels.empty()) return out;
  std::set<std::string_view> seen;
  for (const Message& message : waiting_) {
    if (seen.insert(message.channel).second && message.next_at <= now) out.push_back(message);
  }
  return out;
}

void AlertBook::sent(std::string_view id) {
  std::erase_if(waiting_, [id](const Message& one) { return one.id == id; });
}

void AlertBook::failed(std::string_view id, Millis now, std::string problem, Millis after) {
  const auto found = std::ranges::find(waiting_, id, &Message::id);
  if (found == waiting_.end()) return;
  const Millis own =
      std::min(kFirstTryAgain << std::min(found->tries, kDoublings), kLongestTryAgain);
  ++found->tries;
  found->next_at = now + (after < 0 ? own : std::clamp(after, kFirstTryAgain, kLongestTryAgain));
  found->problem = std::move(problem);
}

Result<std::string> AlertBook::try_out(std::string_view channel, Millis now) {
  if (plan_.channel(channel) == nullptr) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no channel '{}'", channel));
  }
  return add_message(std::string(channel), MessageType::kTest, now).id;
}

}  // namespace cordyna::alert
