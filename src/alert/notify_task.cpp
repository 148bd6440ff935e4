#include "alert/notify_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <exception>

#include "http/digest.hpp"
#include "http/proxy.hpp"
#include "template/task_renderer.hpp"

namespace cordyna::alert {
namespace {

namespace json = boost::json;

using Refused = std::unexpected<TaskError>;
using Made = std::expected<void, TaskError>;

constexpr std::size_t kTextBytesMax = std::size_t{32} << 10;

Refused refuse(TaskErrorCode code, std::string message) {
  return Refused(make_task_error(code, Phase::kPrepare, std::move(message)));
}

json::object note_json(const Note& note) {
  return {{"title", note.title}, {"text", note.text}, {"flow", note.flow},
          {"task", note.task},   {"run", note.run},   {"team", note.team}};
}

Note note_from(const json::value& value) {
  const auto text = [&](const char* key) { return json::value_to<std::string>(value.at(key)); };
  return {.title = text("title"),
          .text = text("text"),
          .flow = text("flow"),
          .task = text("task"),
          .run = json::value_to<std::int64_t>(value.at("run")),
          .team = text("team")};
}

std::string text_of(const json::object& keys, std::string_view key) {
  const json::value* value = keys.if_contains({key.data(), key.size()});
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_string()) return json::serialize(*value);
  return {value->get_string().data(), value->get_string().size()};
}

/// Makes one task's message.
class NoteMaker {
 public:
  NoteMaker(const StartAttempt& command, const Secrets& secrets, const ReadTeams& read)
      : command_(command), renderer_(secrets, command), read_(read) {}

  Made make() {
    boost::system::error_code problem;
    const json::value params = json::parse(renderer_.task().params, problem);
    if (problem.failed() || !params.is_object()) {
      return refuse(TaskErrorCode::kInternal, "the keys of the task are not a JSON object");
    }
    const json::object& keys = params.get_object();
    if (auto said = add_note(keys); !said.has_value()) return said;
    auto teams = read_(command_.flow->folder);
    if (!teams.has_value()) return refuse(TaskErrorCode::kInputInvalid, teams.error().message);
    task.teams_file = teams->file;
    if (auto added = add_channels(keys, *teams); !added.has_value()) return added;
    for (const std::string& name : task.channels) {
      if (auto added = add_secrets(*teams->plan.channel(name), teams->plan); !added.has_value()) {
        return added;
      }
    }
    secrets.masks = renderer_.masks();
    // One that is part of another must not leave the rest of it.
    std::ranges::stable_sort(secrets.masks, std::ranges::greater{}, &std::string::size);
    return {};
  }

  NotifyTask task;
  NotifySecrets secrets;

 private:
  Made add_note(const json::object& keys) {
    constexpr std::size_t kHashDigits = 16;
    const Flow& flow = *command_.flow;
    Note& note = task.note;
    note.flow = flow.ns.empty() ? flow.id : flow.ns + "." + flow.id;
    note.task = command_.key.path;
    note.run = static_cast<std::int64_t>(command_.key.run);
    task.id = fmt::format("note-{}-{}", command_.run_id.value,
                          http::hex(http::sha256(note.task)).substr(0, kHashDigits));
    auto title = renderer_.text("subject", text_of(keys, "subject"));
    if (!title.has_value()) return Refused(std::move(title.error()));
    auto text = renderer_.text("message", text_of(keys, "message"));
    if (!text.has_value()) return Refused(std::move(text.error()));
    if (title->size() + text->size() > kTextBytesMax) {
      return refuse(
          TaskErrorCode::kInputInvalid,
          fmt::format("message: it has {} bytes, and can have {}", text->size(), kTextBytesMax));
    }
    // A subject is one line: what is behind it would be a header of the mail.
    std::ranges::replace_if(*title, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    Note& into = renderer_.masks().empty() ? note : secrets.note;
    into.title = *std::move(title);
    into.text = *std::move(text);
    return {};
  }

  Made add_channels(const json::object& keys, const TeamsOf& teams) {
    std::string team = text_of(keys, "team");
    if (!team.empty()) {
      auto name = renderer_.text("team", team);
      if (!name.has_value()) return Refused(std::move(name.error()));
      const TeamSpec* found = teams.plan.team(*name);
      if (found == nullptr) {
        return refuse(TaskErrorCode::kInputInvalid,
                      fmt::format("team: there is no team '{}' in {}", *name, teams.file));
      }
      if (found->channels.empty()) {
        return refuse(TaskErrorCode::kInputInvalid,
                      fmt::format("team: the team '{}' has no channels in {}", *name, teams.file));
      }
      task.channels = found->channels;
      task.note.team = found->name;
      return {};
    }
    const json::value* channels = keys.if_contains("channels");
    json::array one;
    if (channels != nullptr) one.push_back(*channels);
    const bool is_list = channels != nullptr && channels->is_array();
    for (const json::value& item : is_list ? channels->get_array() : one) {
      auto name = renderer_.text("channels", json::value_to<std::string>(item));
      if (!name.has_value()) return Refused(std::move(name.error()));
      if (teams.plan.channel(*name) == nullptr) {
        return refuse(TaskErrorCode::kInputInvalid,
                      fmt::format("channels: there is no channel '{}' in {}", *name, teams.file));
      }
      if (std::ranges::find(task.channels, *name) == task.channels.end()) {
        task.channels.push_back(*std::move(name));
      }
    }
    task.note.team = command_.flow->tasks[command_.task].owner;
    return {};
  }

  Made add_secrets(const ChannelSpec& channel, const AlertPlan& plan) {
    std::vector<const MaybeSecret*> wanted{&channel.url, &channel.key};
    for (const auto& [name, value] : channel.headers) wanted.push_back(&value);
    if (channel.type == ChannelType::kEmail && plan.mail.has_value()) {
      wanted.push_back(&plan.mail->password);
    }
    for (const MaybeSecret* one : wanted) {
      if (one->secret.empty()) continue;
      Result<std::string> value = renderer_.lookup().secret(one->secret);
      if (!value.has_value()) {
        return Refused(renderer_.error(fmt::format("channel {}", channel.name), value.error()));
      }
      secrets.values.insert_or_assign(one->secret, *std::move(value));
    }
    return {};
  }

  const StartAttempt& command_;
  TaskRenderer renderer_;
  const ReadTeams& read_;
};

}  // namespace

std::string to_json(const NotifyTask& task) {
  return json::serialize(json::object{{"teams_file", task.teams_file},
                                      {"id", task.id},
                                      {"channels", json::value_from(task.channels)},
                                      {"note", note_json(task.note)}});
}

Result<NotifyTask> parse_notify(std::string_view text) {
  try {
    const json::value value = json::parse({text.data(), text.size()});
    return NotifyTask{json::value_to<std::string>(value.at("teams_file")),
                      json::value_to<std::string>(value.at("id")),
                      json::value_to<std::vector<std::string>>(value.at("channels")),
                      note_from(value.at("note"))};
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt, error.what());
  }
}

std::string to_json(const NotifySecrets& secrets) {
  json::object values;
  for (const auto& [name, value] : secrets.values) values[name] = value;
  return json::serialize(json::object{{"values", std::move(values)},
                                      {"note", note_json(secrets.note)},
                                      {"masks", json::value_from(secrets.masks)}});
}

Result<NotifySecrets> parse_notify_secrets(std::string_view text) {
  if (text.empty()) return NotifySecrets{};
  try {
    const json::value value = json::parse({text.data(), text.size()});
    NotifySecrets secrets;
    for (const auto& item : value.at("values").as_object()) {
      secrets.values.emplace(std::string(item.key()), json::value_to<std::string>(item.value()));
    }
    secrets.note = note_from(value.at("note"));
    secrets.masks = json::value_to<std::vector<std::string>>(value.at("masks"));
    return secrets;
  } catch (const std::exception&) {
    return fail(ErrorCode::kCorrupt, "the secrets are not as they were handed over");
  }
}

std::expected<Launch, TaskError> NotifyPreparer::prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) {
  NoteMaker maker(command, secrets_, read_);
  if (auto made = maker.make(); !made.has_value()) return Refused(std::move(made.error()));
  Launch launch;
  launch.argv = {dyna_, "notify-step", fmt::format("{}/{}", paths.folder, kNotifyFile)};
  launch.folder = command.flow->folder;
  launch.masks = maker.secrets.masks;
  for (auto& variable : http::network_variables()) {
    if (std::string password = http::proxy_password(variable.second); !password.empty()) {
      launch.masks.push_back(std::move(password));
    }
    launch.env.push_back(std::move(variable));
  }
  if (!maker.secrets.masks.empty()) {
    launch.env.emplace_back(kNotifySecrets, to_json(maker.secrets));
  }
  launch.files.push_back({kNotifyFile, to_json(maker.task)});
  return launch;
}

}  // namespace cordyna::alert
