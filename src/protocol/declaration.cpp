#include "protocol/declaration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <span>
#include <utility>

#include "base/durations.hpp"
#include "base/text.hpp"
#include "base/words.hpp"
#include "protocol/messages.hpp"
#include "protocol/objects.hpp"
#include "schedule/schedule.hpp"
#include "shape/schema.hpp"

namespace cordyna::protocol {
namespace {

using shape::Flaw;
using shape::JsonBody;

/// Of a word that was checked; missing: `otherwise`.
template <class Enum>
Enum word_of(const JsonBody& body, std::string_view name, std::span<const std::string_view> words,
             Enum otherwise) {
  const auto found = std::ranges::find(words, body.text(name));
  return found == words.end() ? otherwise : static_cast<Enum>(found - words.begin());
}

class DeclarationReader {
 public:
  DeclarationReader(const JsonBody& body, std::string_view team) : body_(body), team_(team) {}

  std::variant<Declaration, std::vector<Flaw>> read() {
    flaws_ = shape::check_body(body_, task_declaration(), message_objects(),
                               shape::Unknown::kRefused, "#");
    if (!flaws_.empty()) return std::move(flaws_);  // what follows relies on the shape
    read_names();
    read_needs();
    read_schedule();
    read_care();
    read_rest();
    if (!flaws_.empty()) return std::move(flaws_);
    return std::move(made_);
  }

 private:
  void wrong(std::string at, std::string detail) {
    flaws_.push_back({std::move(at), std::move(detail)});
  }

  void read_names() {
    made_.id = body_.text("id");
    if (!is_id(made_.id)) {
      wrong("#/id",
            "must be small letters, digits, '.', '_' and '-', at most 128, and begin with "
            "a letter or digit");
    }
    made_.version = body_.text("version");
    made_.description = body_.text("description");
    if (made_.description.find_first_not_of(" \t\r\n") == std::string::npos) {
      wrong("#/description", "must say what the task does, for whoever is told that it failed");
    }
    const JsonBody owner = body_.object("owner");
    made_.team = owner.text("team");
    made_.contacts = owner.texts("contacts");
    if (made_.team != team_) {
      wrong("#/owner/team", fmt::format("must be '{}', the team of this server", team_));
    }
    std::erase_if(made_.contacts, [](const std::string& contact) {
      return contact.find_first_not_of(' ') == std::string::npos;
    });
    if (made_.contacts.empty()) wrong("#/owner/contacts", "must name whom to ask, at least one");
  }

  void read_needs() {
    const std::vector<JsonBody> needs = body_.objects("needs");
    if (needs.size() > kNeedsMax) {
      return wrong("#/needs", fmt::format("has more than {} tasks", kNeedsMax));
    }
    for (std::size_t i = 0; i < needs.size(); ++i)
      read_need(needs[i], fmt::format("#/needs/{}", i));
  }

  void read_need(const JsonBody& body, const std::string& at) {
    const std::string name = body.text("task");
    const std::size_t slash = name.find('/');
    TaskNeed need;
    need.team = slash == std::string::npos ? std::string(team_) : name.substr(0, slash);
    need.task = slash == std::string::npos ? name : name.substr(slash + 1);
    need.optional = body.flag("optional");
    if (!is_id(need.team) || !is_id(need.task)) {
      return wrong(at + "/task", "must be the id of a task, or team/id of another team's");
    }
    if (need.team == team_ && need.task == made_.id) {
      return wrong(at + "/task", "is the task itself");
    }
    const auto is_same = [&need](const TaskNeed& other) {
      return other.team == need.team && other.task == need.task;
    };
    if (std::ranges::any_of(made_.needs, is_same)) {
      return wrong(at + "/task", "is named twice");
    }
    if (body.has("within")) need.within = duration(body, "within", at, 0);
    made_.needs.push_back(std::move(need));
  }

  void read_schedule() {
    made_.cron = body_.text("cron");
    if (body_.has("timezone")) made_.timezone = body_.text("timezone");
    made_.catch_up = word_of(body_, "catch_up", kCatchUps, CatchUp::kLatest);
    if (made_.cron.empty()) {
      for (const std::string_view without : {"timezone", "catch_up"}) {
        if (body_.has(without)) wrong(fmt::format("#/{}", without), "is of use with a cron alone");
      }
      return;
    }
    const auto cron = schedule::Cron::parse(made_.cron);
    if (!cron.has_value()) wrong("#/cron", cron.error().message);
    const auto zone = schedule::Zone::find(made_.timezone);
    if (!zone.has_value()) wrong("#/timezone", zone.error().message);
  }

  void read_care() {
    const JsonBody timeouts = body_.object("timeouts");
    const std::string at = "#/timeouts";
    made_.timeouts.acknowledge = duration(timeouts, "acknowledge", at, kServedAcknowledge);
    made_.timeouts.start = duration(timeouts, "start", at, kServedStart);
    made_.timeouts.complete = duration(timeouts, "complete", at, kServedComplete);
    made_.max_extend = duration(timeouts, "max_extend", at, 0);
    for (const std::string_view name : {"acknowledge", "start", "complete"}) {
      // 0 would be no limit: then nobody is told of a server that says nothing.
      if (timeouts.has(name) && duration(timeouts, name, at, 1) == 0) {
        wrong(fmt::format("{}/{}", at, name), "must be more than 0");
      }
    }
    const JsonBody retry = body_.object("retry");
    made_.retry.attempts = static_cast<std::uint32_t>(retry.number("attempts", 1));
    made_.retry.delay = duration(retry, "delay", "#/retry", 0);
    made_.retry.backoff = word_of(retry, "backoff", kBackoffs, Backoff::kConstant);
    made_.retry.max_delay = duration(retry, "max_delay", "#/retry", 0);
    made_.retry.jitter = retry.flag("jitter");
    made_.retry.on = retry.texts("on");
    made_.overlap = word_of(body_, "overlap", kOverlaps, Overlap::kForbid);
    made_.cancellable = !body_.has("cancellable") || body_.flag("cancellable");
  }

  void read_rest() {
    made_.slot_class = body_.text("slot_class");
    made_.priority = static_cast<std::uint32_t>(body_.number("priority"));
    made_.input_schema = schema("input_schema");
    made_.output_schema = schema("output_schema");
    made_.runbook_url = body_.text("runbook_url");
    const JsonBody labels = body_.object("labels");
    if (labels.raw() == nullptr) return;
    for (const auto& [name, value] : *labels.raw()) {
      if (value.is_string()) {
        made_.labels.emplace(std::string(name), std::string(value.get_string()));
      } else {
        wrong(fmt::format("#/labels/{}", fit(printable(std::string(name)), 80)),
              "must be a string");
      }
    }
  }

  std::string schema(std::string_view name) {
    std::string text = body_.json(name);
    if (text.empty()) return text;
    const shape::SchemaOrFlaws made = shape::compile_schema(text);
    if (const auto* flaws = std::get_if<std::vector<Flaw>>(&made)) {
      for (const Flaw& flaw : *flaws) {
        wrong(fmt::format("#/{}{}", name, flaw.at.substr(1)), flaw.detail);
      }
    }
    return text;
  }

  Millis duration(const JsonBody& body, std::string_view name, const std::string& at,
                  Millis otherwise) {
    if (!body.has(name)) return otherwise;
    const auto parsed = parse_duration(body.text(name));
    if (parsed.has_value()) return *parsed;
    const std::string place = fmt::format("{}/{}", at, name);
    if (std::ranges::find(flaws_, place, &Flaw::at) == flaws_.end()) {
      wrong(place, parsed.error().message);
    }
    return otherwise;
  }

  const JsonBody& body_;
  std::string_view team_;
  Declaration made_;
  std::vector<Flaw> flaws_;
};

}  // namespace

std::variant<Declaration, std::vector<Flaw>> read_declaration(const JsonBody& body,
                                                              std::string_view team) {
  return DeclarationReader(body, team).read();
}

}  // namespace cordyna::protocol
