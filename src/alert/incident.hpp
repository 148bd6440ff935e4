/// What goes wrong for one cause, and the messages that tell of it.
///
/// Values. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "model/notice.hpp"

namespace cordyna::alert {

/// One cause as one channel hears of it: a task of a flow, a flow that waits in vain, a task
/// server. It begins with a notice, takes in all that follow of the same cause, and ends when all
/// is well.
struct Incident {
  std::string key;  ///< "failed etl/orders load": what it is about
  std::string channel;
  NoticeKind kind = NoticeKind::kFailed;
  // Of its newest notice.
  std::string team;
  std::string cause;
  std::string ns;
  std::string flow_id;
  std::string path;
  std::string code;
  std::string text;
  Millis first_at = 0;
  Millis last_at = 0;
  std::int64_t first_run = 0;  ///< 0: it is of no run
  std::int64_t last_run = 0;
  std::int64_t count = 0;  ///< notices
  std::int64_t told = 0;   ///< so many of them
  Millis told_at = 0;      ///< last; 0: never
  Millis opened_at = 0;    ///< told first; 0: never
  Millis well_at = 0;      ///< when all was well again; 0: it is not
  bool escalated = false;
  Millis acknowledged_at = 0;   ///< somebody is at it; 0: nobody has said so
  std::string acknowledged_by;  ///< "token kim"
  std::string group;            ///< the message that told of it first

  bool operator==(const Incident&) const = default;
};

/// What a cause is named by towards people: the same for all its channels, another one when it goes
/// wrong anew.
[[nodiscard]] std::string id_of(const Incident& incident);
/// "etl/orders#load", "task server data/loader".
[[nodiscard]] std::string what_of(const Incident& incident);

enum class MessageType : std::uint8_t {
  kFailing,    ///< what has gone wrong, or still does
  kRecovered,  ///< what is well again
  kEscalated,  ///< what was told to others, and is not well
  kTest,       ///< somebody tries the channel
  kNote,       ///< what a task of a flow says; never in the book
};

[[nodiscard]] std::string_view to_string(MessageType type);

/// What a task of type `notify` says.
struct Note {
  std::string title;  ///< empty: the first line of the text
  std::string text;
  std::string flow;  ///< "acme.daily"
  std::string task;  ///< its path
  std::int64_t run = 0;
  std::string team;  ///< whose contacts get e-mail; empty: nobody's

  bool operator==(const Note&) const = default;
};

/// What goes to a channel: at least once, and each time with the same id.
struct Message {
  std::string id;
  std::string channel;
  MessageType type = MessageType::kFailing;
  Millis at = 0;
  std::vector<Incident> incidents{};  ///< the first kIncidentsShown
  std::int64_t incidents_in_all = 0;
  std::int64_t notices = 0;           ///< how many of all of them are told with it
  std::vector<std::string> groups{};  ///< kRecovered: those of which all are well
  Note note{};                        ///< kNote
  // How sending fares.
  std::int64_t tries = 0;
  Millis next_at = 0;
  std::string problem{};  ///< of the last try

  bool operator==(const Message&) const = default;
};

inline constexpr std::size_t kIncidentsShown = 20;

}  // namespace cordyna::alert
