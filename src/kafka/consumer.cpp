#include "kafka/consumer.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>

#include "kafka/fault.hpp"
#include "kafka/library.hpp"

namespace cordyna::kafka {
namespace {

using Ms = std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr Ms kWait{1'000};
constexpr Ms kCommitEach{1'000};
constexpr int kAnswerMs = 10'000;  // within which a broker has to answer a question
constexpr std::size_t kBurst = 512;

struct ListFree {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    library().rd_kafka_topic_partition_list_destroy(list);
  }
};
using ListPtr = std::unique_ptr<rd_kafka_topic_partition_list_t, ListFree>;

struct MessageFree {
  void operator()(rd_kafka_message_t* message) const {
    library().rd_kafka_message_destroy(message);
  }
};
using MessagePtr = std::unique_ptr<rd_kafka_message_t, MessageFree>;

std::span<rd_kafka_topic_partition_t> items(const rd_kafka_topic_partition_list_t* list) {
  return {list->elems, static_cast<std::size_t>(list->cnt)};
}

ListPtr list_of(std::size_t size) {
  return ListPtr(library().rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

rd_kafka_topic_partition_t* add(const ListPtr& list, const std::string& topic,
                                std::int32_t number) {
  return library().rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), number);
}

std::string text_of(const void* bytes, std::size_t size) {
  return size == 0 ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

Record record_of(const rd_kafka_message_t& message) {
  Record record;
  record.partition = {library().rd_kafka_topic_name(message.rkt), message.partition};
  record.offset = message.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.at = library().rd_kafka_message_timestamp(&message, &type);
  if (message.key != nullptr) record.key = text_of(message.key, message.key_len);
  if (message.payload != nullptr) record.value = text_of(message.payload, message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (library().rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return record;
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; library().rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
                          RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    record.headers.emplace_back(
        name, value == nullptr ? std::nullopt : std::optional(text_of(value, size)));
  }
  return record;
}

std::size_t bytes_of(const Record& record) {
  const auto size = [](const std::optional<std::string>& text) {
    return text.has_value() ? text->size() : std::size_t{0};
  };
  return 100 + size(record.key) + size(record.value);
}

/// Brokers since 3.8.1 and 4.0 refuse what older versions of the library say, whoever is right.
std::string scram_hint(std::string_view reason) {
  constexpr int kFirstRight = 0x020601ff;
  if (library().rd_kafka_version() >= kFirstRight || !reason.contains("SCRAM")) return {};
  return fmt::format(
      "; librdkafka {} cannot authenticate itself by SCRAM at brokers of version 4: 2.6.1 can, or "
      "use the mechanism plain over TLS",
      library().rd_kafka_version_str());
}

void no_log(const rd_kafka_t* /*client*/, int /*level*/, const char* /*facility*/,
            const char* /*text*/) {}

}  // namespace

class Consumer::Impl {
 public:
  Impl(Assignee& assignee, std::stop_token stop) : assignee_(assignee), stop_(std::move(stop)) {}
  ~Impl() {
    wake_.reset();
    if (queue_ != nullptr) library().rd_kafka_queue_destroy(queue_);
    if (client_ == nullptr) return;
    if (subscribed_) library().rd_kafka_consumer_close(client_);
    library().rd_kafka_destroy(client_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<> open(const std::map<std::string, std::string>& settings,
                const std::vector<std::string>& topics) {
    if (!library().problem.empty()) return fail(ErrorCode::kUnavailable, library().problem);
    TRY(make_client(settings));
    queue_ = library().rd_kafka_queue_get_consumer(client_);
    wake_.emplace(stop_, [this] { library().rd_kafka_queue_yield(queue_); });
    const ListPtr list = list_of(topics.size());
    for (const std::string& topic : topics) add(list, topic, RD_KAFKA_PARTITION_UA);
    const auto code = library().rd_kafka_subscribe(client_, list.get());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      subscribed_ = true;
      return {};
    }
    Error error = error_of(code, "the topics cannot be read", {});
    if (code == RD_KAFKA_RESP_ERR__INVALID_ARG) error.code = ErrorCode::kInvalidArgument;
    return fail(std::move(error));
  }

  Result<std::vector<Record>> take(std::size_t bytes) {
    std::vector<Record> records;
    std::size_t taken = 0;
    const auto add_one = [&](MessagePtr message) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        note(*message);
        return;
      }
      records.push_back(record_of(*message));
      taken += bytes_of(records.back());
    };
    MessagePtr first(
        library().rd_kafka_consumer_poll(client_, static_cast<int>(wait_now().count())));
    if (first != nullptr) add_one(std::move(first));
    std::array<rd_kafka_message_t*, kBurst> burst{};
    while (!records.empty() && taken < bytes && !problem_.has_value()) {
      const auto count =
          library().rd_kafka_consume_batch_queue(queue_, 0, burst.data(), burst.size());
      for (ssize_t i = 0; i < count; ++i) {
        add_one(MessagePtr(burst[static_cast<std::size_t>(i)]));
      }
      if (count < static_cast<ssize_t>(kBurst)) break;
    }
    if (problem_.has_value()) return fail(std::move(*std::exchange(problem_, std::nullopt)));
    if (!records.empty()) reason_.reset();  // of a trouble that is over
    commit_some();
    return records;
  }

  void kept(const Partition& partition, std::int64_t next) {
    if (uncommitted_.empty()) commit_at_ = std::max(commit_at_, Steady::now());
    uncommitted_[partition] = next;
  }

 private:
  Result<> make_client(const std::map<std::string, std::string>& settings) {
    rd_kafka_conf_t* conf = library().rd_kafka_conf_new();
    std::array<char, 512> why{};
    for (const auto& [name, value] : settings) {
      if (library().rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
          RD_KAFKA_CONF_OK) {
        continue;
      }
      library().rd_kafka_conf_destroy(conf);
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("the setting '{}' of Kafka: {}", name, why.data()));
    }
    library().rd_kafka_conf_set_opaque(conf, this);
    library().rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    library().rd_kafka_conf_set_error_cb(conf, on_error);
    library().rd_kafka_conf_set_log_cb(conf, no_log);
    client_ = library().rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
    if (client_ == nullptr) {
      library().rd_kafka_conf_destroy(conf);
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("no Kafka consumer can be made: {}", why.data()));
    }
    library().rd_kafka_poll_set_consumer(client_);
    return {};
  }

  static void on_rebalance(rd_kafka_t* /*client*/, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t* list, void* self) {
    static_cast<Impl*>(self)->rebalance(code, list);
  }
  static void on_error(rd_kafka_t* client, int code, const char* reason, void* self) {
    static_cast<Impl*>(self)->broker_error(client, static_cast<rd_kafka_resp_err_t>(code), reason);
  }

  void rebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list) {
    if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      commit();
      std::vector<Partition> gone;
      for (const auto& item : items(list)) gone.push_back({item.topic, item.partition});
      assignee_.end(gone);
      library().rd_kafka_assign(client_, nullptr);
      return;
    }
    const auto begun = begin(list);
    if (!begun.has_value()) {
      problem_ = begun.error();
      library().rd_kafka_assign(client_, nullptr);
      return;
    }
    library().rd_kafka_assign(client_, list);
  }

  /// Writes into the list where each partition begins.
  Result<> begin(rd_kafka_topic_partition_list_t* list) {
    const auto code = library().rd_kafka_committed(client_, list, kAnswerMs);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return fail(error_of(code, "cannot read where the group is", {}));
    }
    std::vector<Facts> facts;
    for (const auto& item : items(list)) {
      Facts one{.partition = {item.topic, item.partition}};
      if (item.offset >= 0) one.committed = item.offset;
      const auto asked = library().rd_kafka_query_watermark_offsets(
          client_, item.topic, item.partition, &one.low, &one.high, kAnswerMs);
      if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return fail(error_of(
            asked, fmt::format("cannot read the bounds of {}/{}", item.topic, item.partition), {}));
      }
      facts.push_back(std::move(one));
    }
    TRY_ASSIGN(const std::vector<std::int64_t> offsets, assignee_.begin(facts));
    for (std::size_t i = 0; i < offsets.size(); ++i) items(list)[i].offset = offsets[i];
    return {};
  }

  void broker_error(rd_kafka_t* client, rd_kafka_resp_err_t code, const std::string& reason) {
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      std::array<char, 512> why{};
      const auto fatal = library().rd_kafka_fatal_error(client, why.data(), why.size());
      problem_ = error_of(fatal, "Kafka", why.data());
    } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      // The reason came before, from the last broker that was tried.
      problem_ = reason_.has_value() ? reason_ : error_of(code, "Kafka", reason);
    } else if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
      problem_ = error_of(code, "Kafka", reason + scram_hint(reason));
    } else {
      reason_ = error_of(code, "Kafka", reason);
    }
  }

  /// What is no record, but the end of reading, or of no matter.
  void note(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED ||
        message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      return;  // it joins again by itself
    }
    const std::string_view why =
        message.payload == nullptr
            ? std::string_view()
            : std::string_view(static_cast<const char*>(message.payload), message.len);
    const char* topic =
        message.rkt == nullptr ? nullptr : library().rd_kafka_topic_name(message.rkt);
    problem_ =
        error_of(message.err, topic == nullptr ? "Kafka" : fmt::format("topic {}", topic), why);
  }

  [[nodiscard]] Ms wait_now() const {
    if (stop_.stop_requested()) return Ms(0);
    if (uncommitted_.empty()) return kWait;
    const auto left = std::chrono::duration_cast<Ms>(commit_at_ - Steady::now());
    return std::clamp(left, Ms(0), kWait);
  }

  /// Not with each batch: it is for others, and a request to the broker.
  void commit_some() {
    if (uncommitted_.empty() || Steady::now() < commit_at_) return;
    commit();
    commit_at_ = Steady::now() + kCommitEach;
  }

  /// In the background: with no broker there nothing must wait. What goes out before the member
  /// gives its partitions up, comes before that too.
  void commit() {
    if (uncommitted_.empty()) return;
    const ListPtr list = list_of(uncommitted_.size());
    for (const auto& [partition, next] : uncommitted_) {
      add(list, partition.topic, partition.number)->offset = next;
    }
    uncommitted_.clear();
    library().rd_kafka_commit(client_, list.get(), 1);
  }

  Assignee& assignee_;
  std::stop_token stop_;
  rd_kafka_t* client_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
  bool subscribed_ = false;
  std::optional<std::stop_callback<std::function<void()>>> wake_;
  std::map<Partition, std::int64_t> uncommitted_;
  Steady::time_point commit_at_{};
  std::optional<Error> problem_;
  std::optional<Error> reason_;  ///< of the last trouble with a broker
};

Consumer::Consumer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Consumer::~Consumer() = default;

Result<std::unique_ptr<Consumer>> Consumer::open(const std::map<std::string, std::string>& settings,
                                                 const std::vector<std::string>& topics,
                                                 Assignee& assignee, std::stop_token stop) {
  auto impl = std::make_unique<Impl>(assignee, std::move(stop));
  TRY(impl->open(settings, topics));
  return std::unique_ptr<Consumer>(new Consumer(std::move(impl)));
}

Result<std::vector<Record>> Consumer::take(std::size_t bytes) {
  return impl_->take(bytes);
}
void Consumer::kept(const Partition& partition, std::int64_t next) {
  impl_->kept(partition, next);
}

}  // namespace cordyna::kafka
