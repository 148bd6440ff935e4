#include "network/declared_flow.hpp"

#include <gtest/gtest.h>

namespace cordyna::network {
namespace {

TEST(ADeclaredFlow, HasWhatTheTaskDeclares) {
  protocol::Declaration task;
  task.id = "load";
  task.description = "Loads orders.";
  task.team = "orders";
  task.contacts = {"orders@example.com"};
  task.needs = {{"billing", "sum", 3'600'000, false}, {"orders", "check", -1, true}};
  task.cron = "0 6 * * *";
  task.input_schema =
      R"({"type":"object","properties":{"day":{"type":"string","format":"date"},)"
      R"("limit":{"type":"integer","default":10},"tags":{"type":"array"}},"required":["day"]})";
  const std::string text = flow_text({"orders", "etl-1"}, task);
  for (const char* part :
       {R"("id":"load","namespace":"orders")", R"("flow":"billing/sum","within":"3600000ms")",
        R"("type":"flow","flow":"orders/check","on_error":"continue")",
        R"("type":"invoke","server":"etl-1","task":"load")", R"("acknowledge":"10000ms")",
        R"("cron":"0 6 * * *","timezone":"UTC","catch_up":"latest")",
        R"("id":"day","type":"date","required":true)",
        R"("id":"limit","type":"int","default":10,"required":false)",
        R"("id":"tags","type":"json")", R"("limit":1,"when_full":"queue")"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(ADeclaredFlow, SaysWhoDeclaredIt) {
  Flow flow;
  flow.id = "load";
  flow.ns = "orders";
  TaskSpec task;
  task.id = kServedTask;
  task.kind = TaskKind::kServed;
  task.params = R"({"server":"etl-1","task":"load"})";
  flow.tasks.push_back(task);
  EXPECT_EQ(declarer_of(flow), (ServerName{"orders", "etl-1"}));
  flow.tasks[0].params = R"({"server":"etl-1","task":"other"})";
  EXPECT_EQ(declarer_of(flow), ServerName{});
}

}  // namespace
}  // namespace cordyna::network
