#include "plugin/declared.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "protocol/declaration.hpp"
#include "shape/json_body.hpp"

namespace cordyna::plugin {
namespace {

using protocol::Declaration;

/// Of a declaration what a flow decides, where a task server would.
constexpr std::array<std::string_view, 9> kOfServers{"needs",    "cron",    "timezone",
                                                     "catch_up", "overlap", "slot_class",
                                                     "priority", "retry",   "cancellable"};

std::string flaws_line(const std::vector<Flaw>& flaws) {
  std::string text;
  for (const Flaw& flaw : flaws) {
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", flaw.at, flaw.detail);
  }
  return text;
}

PluginType type_of(const Declaration& task, const shape::JsonBody& body) {
  PluginType type;
  type.description = task.description;
  type.version = task.version;
  type.input_schema = task.input_schema;
  type.output_schema = task.output_schema;
  // The usual limits of task servers are none of a process of this machine.
  const shape::JsonBody said = body.object("timeouts");
  if (said.has("acknowledge")) type.timeouts.acknowledge = task.timeouts.acknowledge;
  if (said.has("start")) type.timeouts.start = task.timeouts.start;
  if (said.has("complete")) type.timeouts.complete = task.timeouts.complete;
  return type;
}

}  // namespace

Result<PluginType> declared_type(const protocol::Message& ready, std::string_view type) {
  const std::size_t slash = type.find('/');
  const std::string_view team = type.substr(0, slash);
  const std::string_view id = type.substr(slash + 1);
  std::string others;
  for (const shape::JsonBody& body : ready.data.objects("tasks")) {
    if (body.text("id") != id) {
      others +=
          fmt::format("{}'{}'", others.empty() ? "" : ", ", fit(printable(body.text("id")), 80));
      continue;
    }
    const auto read = protocol::read_declaration(body, team);
    if (const auto* flaws = std::get_if<std::vector<Flaw>>(&read)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("its declaration is wrong: {}", flaws_line(*flaws)));
    }
    const auto of_servers =
        std::ranges::find_if(kOfServers, [&body](std::string_view key) { return body.has(key); });
    if (of_servers != kOfServers.end()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("its declaration is wrong: #/{} is for tasks of task servers; of a "
                              "plugin's the flow says it",
                              *of_servers));
    }
    return type_of(std::get<Declaration>(read), body);
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("it declares {}, and no task '{}'",
                          others.empty() ? std::string("no tasks with server.ready") : others, id));
}

Result<Heard> hear(std::string_view line) {
  const std::string_view text = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {}", what, fit(printable(text), 120)));
  };
  if (!text.starts_with('{')) {
    return wrong("is no message, but what is for people goes to standard error");
  }
  std::vector<protocol::ReadMessage> read =
      protocol::read_messages(text, protocol::Direction::kToCerebro);
  if (read.size() != 1) return wrong("is not one message");
  if (auto* message = std::get_if<protocol::Message>(&read.front())) {
    return Heard{std::move(*message), {}};
  }
  const auto& bad = std::get<protocol::BadMessage>(read.front());
  if (bad.code == "unknown_type") return Heard{{}, printable(bad.type)};
  return wrong(fmt::format("is no message ({})", flaws_line(bad.flaws)));
}

}  // namespace cordyna::plugin
