/// librdkafka, loaded when it is needed: whoever has no Kafka needs no library for it.
///
/// Threads: any.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

namespace cordyna::kafka {

// clang-format off
#define CORDYNA_RDKAFKA(X) \
  X(rd_kafka_conf_new) X(rd_kafka_conf_set) X(rd_kafka_conf_destroy) X(rd_kafka_conf_set_opaque) \
  X(rd_kafka_conf_set_rebalance_cb) X(rd_kafka_conf_set_error_cb) X(rd_kafka_conf_set_log_cb) \
  X(rd_kafka_new) X(rd_kafka_destroy) X(rd_kafka_poll_set_consumer) X(rd_kafka_subscribe) \
  X(rd_kafka_consumer_poll) X(rd_kafka_consume_batch_queue) X(rd_kafka_consumer_close) \
  X(rd_kafka_queue_get_consumer) X(rd_kafka_queue_yield) X(rd_kafka_queue_destroy) \
  X(rd_kafka_assign) X(rd_kafka_commit) X(rd_kafka_committed) X(rd_kafka_query_watermark_offsets) \
  X(rd_kafka_fatal_error) \
  X(rd_kafka_topic_name) X(rd_kafka_message_destroy) X(rd_kafka_message_timestamp) \
  X(rd_kafka_message_headers) X(rd_kafka_header_get_all) X(rd_kafka_err2str) \
  X(rd_kafka_topic_partition_list_new) X(rd_kafka_topic_partition_list_add) \
  X(rd_kafka_topic_partition_list_destroy) X(rd_kafka_version) X(rd_kafka_version_str)
// clang-format on

struct Library {
#define CORDYNA_DECLARE(name) decltype(&::name) name = nullptr;
  CORDYNA_RDKAFKA(CORDYNA_DECLARE)
#undef CORDYNA_DECLARE
  std::string problem;  ///< why it cannot be used, and what to install; empty: it can
};

[[nodiscard]] const Library& library();

}  // namespace cordyna::kafka
