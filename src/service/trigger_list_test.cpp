#include "service/trigger_list.hpp"

#include <gtest/gtest.h>

#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

const Millis kFridayNoon = parse_timestamp("2026-03-27T12:00:00").value();
constexpr Millis kHour = 3'600'000;

Flow flow_with_triggers() {
  Flow flow;
  flow.ns = "acme";
  flow.id = "sales";
  TriggerSpec hourly;
  hourly.id = "hourly";
  hourly.cron = "0 * * * *";
  TriggerSpec hook;
  hook.id = "hook";
  hook.type = TriggerType::kWebhook;
  hook.webhook.path_secret = "KEY_OF_HOOK";
  hook.description = "the \"shop\"";
  TriggerSpec resting = hourly;
  resting.id = "resting";
  resting.disabled = true;
  flow.triggers = {hourly, hook, resting};
  return flow;
}

AppliedFlowRow row_of(const Flow& flow) {
  AppliedFlowRow row;
  row.ns = flow.ns;
  row.flow_id = flow.id;
  return row;
}

std::string text_of(const std::vector<ListedTrigger>& triggers) {
  std::string out;
  for (const ListedTrigger& one : triggers) {
    append_trigger(out, one);
    out += '\n';
  }
  return out;
}

TEST(TriggerList, NewOnesHaveNothingBehindThem) {
  MemoryStore store;
  const Flow flow = flow_with_triggers();
  EXPECT_EQ(text_of(triggers_of(store, row_of(flow), flow, {}, kFridayNoon).value()),
            R"({"flow":"acme/sales","trigger":"hourly","type":"schedule","disabled":false,)"
            R"("cron":"0 * * * *","timezone":"UTC","next":"2026-03-27T13:00:00.000Z"})"
            "\n"
            R"({"flow":"acme/sales","trigger":"hook","type":"webhook","disabled":false,)"
            R"("description":"the \"shop\"","path":"/hooks/acme/sales/hook/KEY","signed":false,)"
            R"("pending":0,"dead":0})"
            "\n"
            R"({"flow":"acme/sales","trigger":"resting","type":"schedule","disabled":true,)"
            R"("cron":"0 * * * *","timezone":"UTC"})"
            "\n");
}

TEST(TriggerList, WhatCameLastIsToldAlsoOfAFlowThatIsDisabled) {
  MemoryStore store;
  const Flow flow = flow_with_triggers();
  ChangeSet changes;
  TickRow tick;
  tick.ns = "acme";
  tick.flow_id = "sales";
  tick.trigger = "hourly";
  tick.state = TickState::kSkipped;
  tick.scheduled_for = tick.first = kFridayNoon - kHour;
  tick.count = 1;
  tick.detail = "catch_up is none";
  changes.ticks.push_back(tick);
  tick.trigger = "resting";
  tick.state = TickState::kBegun;
  tick.detail.clear();
  changes.ticks.push_back(tick);
  EventRow event;
  event.no = 4;
  event.ns = "acme";
  event.flow_id = "sales";
  event.trigger = "hook";
  event.event_id = "a";
  event.at = kFridayNoon - 1;
  event.payload = "{}";
  changes.events.push_back(event);
  ASSERT_TRUE(store.commit(changes).has_value());
  AppliedFlowRow row = row_of(flow);
  row.disabled = {kFridayNoon, "ann", "why"};
  EXPECT_EQ(
      text_of(
          triggers_of(store, row, flow, {{"acme", "sales", "hook", 1, 2}}, kFridayNoon).value()),
      R"({"flow":"acme/sales","trigger":"hourly","type":"schedule","disabled":true,)"
      R"("flow_disabled":true,"cron":"0 * * * *","timezone":"UTC",)"
      R"("last_at":"2026-03-27T11:00:00.000Z","last":"skipped"})"
      "\n"
      R"({"flow":"acme/sales","trigger":"hook","type":"webhook","disabled":true,)"
      R"("flow_disabled":true,"description":"the \"shop\"",)"
      R"("path":"/hooks/acme/sales/hook/KEY","signed":false,)"
      R"("last_at":"2026-03-27T11:59:59.999Z","last_event":4,"pending":1,"dead":2})"
      "\n"
      R"({"flow":"acme/sales","trigger":"resting","type":"schedule","disabled":true,)"
      R"("flow_disabled":true,"cron":"0 * * * *","timezone":"UTC"})"
      "\n");
}

}  // namespace
}  // namespace cordyna
