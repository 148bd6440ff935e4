/// The triggers of a flow: what the file says of each, checked against the tables, the flow's
/// inputs, and the machine's time zones.
///
/// Threads: none.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "flow/connection_file.hpp"
#include "flow/diagnostics.hpp"
#include "flow/key_spec.hpp"
#include "flow/values.hpp"
#include "flow/yaml_tree.hpp"
#include "model/flow.hpp"

namespace cordyna::flow {

class TriggerReader {
 public:
  /// `flow`: its name and inputs were read before; `uses` gets the templates in values for them,
  /// `event_uses` those of triggers that have events, `row_uses` where these are rows. All outlive
  /// the reader.
  TriggerReader(const Flow& flow, ConnectionFiles& connections, Reporter& reporter, Uses& uses,
                Uses& event_uses, Uses& row_uses)
      : flow_(flow),
        inputs_(flow.inputs),
        connections_(connections),
        reporter_(reporter),
        reader_(reporter, uses),
        uses_(uses),
        event_uses_(event_uses),
        row_uses_(row_uses) {}

  /// One item of `triggers`. What is wrong was reported.
  TriggerSpec read(const Node& node);

 private:
  /// Null: there is none, or it is one of a later version, whose keys nobody knows.
  const TriggerKind* kind_of(const Node& node);
  void check_keys(const Node& node, const TriggerKind& kind);
  void check_id(const Node& node, const TriggerSpec& trigger);
  void read_key(const KeySpec& spec, const Node& value, TriggerSpec& trigger);
  void read_schedule_key(const KeySpec& spec, const Node& value, TriggerSpec& trigger);
  void read_webhook_key(const KeySpec& spec, const Node& value, WebhookSpec& webhook);
  /// A key that all types with an input have; false: it is none of those.
  bool read_listen_key(const KeySpec& spec, const Node& value, TriggerSpec& trigger);
  void read_postgres_key(const KeySpec& spec, const Node& value, PostgresSpec& postgres);
  void read_kafka_key(const KeySpec& spec, const Node& value, KafkaSpec& kafka);
  void read_file_key(const KeySpec& spec, const Node& value, FileSpec& file);
  void read_redis_key(const KeySpec& spec, const Node& value, RedisSpec& redis);
  void read_poll_key(const KeySpec& spec, const Node& value, PollSpec& poll);
  void read_poll_object(const KeySpec& spec, const Node& value, PollSpec& poll);
  bool check_auth(const Node& value);
  void check_poll(const Node& node, const TriggerSpec& trigger);
  void check_poll_url(const Node& node, const Node& url, const PollSpec& poll);
  std::string read_folder(const KeySpec& spec, const Node& value);
  std::vector<std::string> patterns(const KeySpec& spec, const Node& value);
  void check_file(const Node& node, const FileSpec& file);
  void read_flow_key(const KeySpec& spec, const Node& value, FlowEndsSpec& ends);
  void read_flow_name(const Node& name, FlowEndsSpec& ends);
  void read_need(const Node& value);
  void read_batch(const KeySpec& spec, const Node& value, GatherSpec& gather);
  void check_gather(const Node& node, const TriggerSpec& trigger, std::size_t first_template);
  /// `event.events` and `event.count` of templates that are looked at without them.
  void check_many(const Node& node, std::string_view where, bool count, bool events);
  void finish_ends(const Node& node, FlowEndsSpec& ends);
  /// The texts of a list, or of the one that stands for it. What is wrong was reported.
  std::vector<std::string> texts(const KeySpec& spec, const Node& value);
  /// A template over an event that has no run yet; empty: what is wrong was reported.
  std::string before_a_run(const KeySpec& spec, const Node& value);
  void check_replication(const Node& node, const TriggerSpec& trigger);
  void check_webhook(const Node& node, const WebhookSpec& webhook);
  bool read_secret_name(const Node& value, std::string_view key, std::string& name);
  void read_cron(const Node& value, TriggerSpec& trigger);
  void read_timezone(const Node& value, TriggerSpec& trigger);
  void read_holidays(const KeySpec& spec, const Node& value, TriggerSpec& trigger);
  void read_inputs(const Node& map, TriggerSpec& trigger);
  void read_input(const InputSpec& input, const Node& value, TriggerSpec& trigger);
  void read_single(const InputSpec& input, const Node& value, TriggerSpec& trigger);
  void read_list(const InputSpec& input, const Node& list, TriggerSpec& trigger);
  void wrong_input(const Node& at, const InputSpec& input, std::string_view message);
  /// Inputs that every run must be given, and this one's would not.
  void check_required(const Node& node, const TriggerSpec& trigger);

  const Flow& flow_;
  const std::vector<InputSpec>& inputs_;
  ConnectionFiles& connections_;
  Reporter& reporter_;
  ValueReader reader_;
  Uses& uses_;
  Uses& event_uses_;
  Uses& row_uses_;
  std::unordered_map<std::string_view, std::uint32_t> lines_;  // of the ids before, in the tree
};

}  // namespace cordyna::flow
