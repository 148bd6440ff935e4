#include "cordyna/kafka.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/id.hpp"
#include "base/text.hpp"
#include "input/delivery.hpp"
#include "input/kafka/reading.hpp"
#include "input/kafka/records.hpp"
#include "kafka/consumer.hpp"
#include "kafka/settings.hpp"

namespace cordyna {
namespace input {
namespace {

// They are kept in one transaction, and nothing else goes on meanwhile: a schedule would be late.
constexpr std::size_t kTakeBytes = std::size_t{256} << 10;

Millis wall_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

class KafkaInput final : public Input {
 public:
  KafkaInput(std::string id, KafkaOptions options)
      : Input(std::move(id), options.operations), options_(std::move(options)) {}

  Result<> handle(std::stop_token stop, EventSink& sink) override {
    const auto ended = listen(stop, sink);
    if (!ended.has_value() && ended.error().code == ErrorCode::kCancelled) return {};
    return ended;
  }

  /// Checks what can be checked without a broker.
  [[nodiscard]] Result<std::map<std::string, std::string>> settings(std::string member) const {
    return kafka::settings_of({.brokers = options_.brokers,
                               .group = options_.group.empty() ? "cordyna." + id() : options_.group,
                               .member = std::move(member),
                               .more = options_.settings});
  }

 private:
  Result<> listen(const std::stop_token& stop, EventSink& sink) {
    TRY_ASSIGN(KafkaPosition position, parse_kafka_position(sink.position()));
    // A member that keeps its name has its partitions again at once after a crash.
    if (position.member.empty()) position.member = make_uuid7(wall_now());
    TRY_ASSIGN(const auto wanted, settings(position.member));
    Reading reading(std::move(position), options_.start == KafkaStartAt::kLatest,
                    options_.over_gaps, sink);
    TRY_ASSIGN(const auto consumer, kafka::Consumer::open(wanted, options_.topics, reading, stop));
    while (!stop.stop_requested()) {
      TRY_ASSIGN(const std::vector<kafka::Record> records, consumer->take(kTakeBytes));
      TRY(keep(records, reading, sink));
      for (const auto& [partition, mark] : reading.changes()) {
        consumer->kept(partition, mark.next);
      }
    }
    return {};
  }

  Result<> keep(const std::vector<kafka::Record>& records, Reading& reading, EventSink& sink) {
    std::vector<const kafka::Record*> taken;
    std::vector<Event> events;
    const KafkaPosition before = reading.position();
    for (const kafka::Record& record : records) {
      TRY_ASSIGN(const bool is_new, reading.take(record));
      if (!is_new) continue;
      taken.push_back(&record);
      events.push_back(event_of(record, options_.format));
    }
    const auto position_after = [&](std::size_t last) {
      KafkaPosition after = before;
      for (std::size_t i = 0; i <= last; ++i) {
        after.marks[taken[i]->partition] = {taken[i]->offset + 1, taken[i]->at};
      }
      return to_text(after);
    };
    return deliver(sink, events, position_after,
                   [&](std::size_t i, std::string_view why) { return problem_of(*taken[i], why); });
  }

  KafkaOptions options_;
};

Result<> check_options(std::string_view id, const KafkaOptions& options) {
  if (options.topics.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("input '{}': no topic is named", fit(printable(id), 60)));
  }
  for (const std::string& topic : options.topics) {
    if (!topic.empty() && topic.size() <= 249) continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("input '{}': the name of a topic has 1 to 249 characters, not {}",
                            fit(printable(id), 60), topic.size()));
  }
  for (const Operation one : options.operations) {
    if (one == Operation::kCreate || one == Operation::kDelete) continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("input '{}': the operations of records are create and delete; not {}",
                            fit(printable(id), 60), to_string(one)));
  }
  return {};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (comma != 0) words.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return words;
}

}  // namespace
}  // namespace input

Result<std::unique_ptr<Input>> kafka_input(std::string id, KafkaOptions options) {
  TRY(input::check_options(id, options));
  auto made = std::make_unique<input::KafkaInput>(std::move(id), std::move(options));
  TRY(made->settings("member"));
  return made;
}

Result<std::unique_ptr<Input>> make_kafka_input(const InputConfig& config) {
  const std::string_view text = config.connection_string;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash + 1 == text.size()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("input '{}': the connection string of Kafka is "
                            "HOST:PORT,HOST:PORT/TOPIC,TOPIC; it has no topic",
                            config.name));
  }
  KafkaOptions options;
  options.brokers = text.substr(0, slash);
  options.topics = input::words_of(text.substr(slash + 1));
  options.operations = config.operations;
  return kafka_input(config.name, std::move(options));
}

}  // namespace cordyna
