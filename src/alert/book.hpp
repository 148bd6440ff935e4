/// Which notices become which messages, and when: the state of all alerts.
///
/// Pure: whoever owns it saves its text before a message goes out, and hands it what has happened
/// since. The same notices, in the same order, give the same messages. Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/incident.hpp"
#include "base/result.hpp"
#include "model/alert.hpp"

namespace cordyna::alert {

/// Incidents at once; what is beyond them is told by `dyna notices` alone.
inline constexpr std::size_t kIncidentsMax = 5'000;
/// Messages of one channel that wait; the oldest goes when there are more.
inline constexpr std::size_t kWaitingMax = 500;
/// How long a message is tried.
inline constexpr Millis kTriedFor = Millis{3} * 86'400'000;

class AlertBook {
 public:
  AlertBook() = default;

  /// Its state, as `text` gave it. Errors: kCorrupt.
  [[nodiscard]] static Result<AlertBook> load(std::string_view text);
  [[nodiscard]] std::string text() const;

  /// What waits for a channel that is gone goes too; but a plan without any channel, as of a file
  /// that is being written, leaves all as it is, and nothing is told.
  void set_plan(AlertPlan plan);
  [[nodiscard]] const AlertPlan& plan() const { return plan_; }

  /// The number of the last notice that is in it.
  [[nodiscard]] std::int64_t cursor() const { return cursor_; }
  void set_cursor(std::int64_t no) { cursor_ = no; }

  /// In ascending order; one that is in it already changes nothing.
  void note(const NoticeRow& notice);
  /// A run of the flow has ended well: what failed in runs before it is well again.
  void ended_well(std::string_view ns, std::string_view flow_id, std::int64_t run, Millis at);
  /// Somebody has decided on a task that was held, or one that was stuck has begun or ended.
  void moved_on(std::int64_t run, std::string_view path, Millis at);
  /// A run has ended, well or not: what was of a moment of it is over.
  void ended(std::int64_t run, Millis at);
  /// A task server, "team/name", is heard of again.
  void server_back(std::string_view server, Millis at);

  /// Somebody is at it: until all is well its channels hear no more of it, and nobody else is
  /// called. It holds for all channels of the cause; who was first stays. Errors: kNotFound:
  /// nothing of that id (`id_of`) is not well.
  [[nodiscard]] Result<> acknowledge(std::string_view id, std::string by, Millis at);

  /// Makes the messages that are due. Whether there are any.
  bool advance(Millis now);
  /// When `advance` has something to do, or a message is to be sent. Nullopt: not before something
  /// happens.
  [[nodiscard]] std::optional<Millis> next() const;

  /// Each channel's oldest message, where it is time to try it.
  [[nodiscard]] std::vector<Message> to_send(Millis now) const;
  void sent(std::string_view id);
  /// It is tried again: `after` ms, or as long as the book thinks best where that is -1.
  void failed(std::string_view id, Millis now, std::string problem, Millis after = -1);
  /// Makes a message that tries a channel out, and returns its id. Errors: kNotFound: no such
  /// channel.
  [[nodiscard]] Result<std::string> try_out(std::string_view channel, Millis now);

  [[nodiscard]] const std::vector<Incident>& incidents() const { return incidents_; }
  [[nodiscard]] const std::vector<Message>& waiting() const { return waiting_; }
  /// Messages that went away untold since the book began.
  [[nodiscard]] std::int64_t given_up() const { return given_up_; }

 private:
  friend class BookText;
  [[nodiscard]] const AlertRule& rule_of(const Incident& incident) const;
  [[nodiscard]] const AlertRule& rule_of(const NoticeRow& notice) const;
  [[nodiscard]] std::vector<std::string> channels_of(const NoticeRow& notice) const;
  /// Null: there are too many.
  [[nodiscard]] Incident* find_or_begin(const std::string& channel, const std::string& key,
                                        const NoticeRow& notice);
  /// When it is to be told next. Nullopt: not by itself.
  [[nodiscard]] std::optional<Millis> due(const Incident& incident) const;
  [[nodiscard]] std::optional<Millis> escalation_due(const Incident& incident) const;
  bool tell_failing(const std::string& channel, Millis now);
  bool tell_recovered(const std::string& channel, Millis now);
  bool escalate(Millis now);
  Message& add_message(const std::string& channel, MessageType type, Millis now);
  static void add_incident(Message& message, const Incident& incident);
  void forget_ended(Millis now);

  AlertPlan plan_;
  std::int64_t cursor_ = 0;
  std::int64_t next_id_ = 1;
  std::int64_t given_up_ = 0;
  std::vector<Incident> incidents_;
  std::vector<Message> waiting_;  ///< in the order in which they are sent
};

}  // namespace cordyna::alert
