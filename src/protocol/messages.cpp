#include "protocol/messages.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "protocol/objects.hpp"

namespace cordyna::protocol {
namespace {

using D = Direction;
using K = MessageKind;

/// In the order of MessageKind.
constexpr std::array kMessages{
    MessageSpec{K::kReady, "cordyna.server.ready.v1", D::kToCerebro, 0, &kReadyData,
                "The server takes work: nothing is invoked before."},
    MessageSpec{K::kInvoke, "cordyna.task.invoke.v1", D::kToServer, 0, &kInvokeData,
                "Run this task."},
    MessageSpec{K::kQueued, "cordyna.task.queued.v1", D::kToCerebro, 0, &kQueuedData,
                "The attempt is accepted: it will be run, or its loss reported."},
    MessageSpec{K::kStarted, "cordyna.task.started.v1", D::kToCerebro, 0, &kStartedData,
                "The attempt runs."},
    MessageSpec{K::kCompleted, "cordyna.task.completed.v1", D::kToCerebro, 0, &kCompletedData,
                "The attempt has done its work."},
    MessageSpec{K::kError, "cordyna.task.error.v1", D::kToCerebro, 0, &kErrorData,
                "The attempt has failed, and why."},
    MessageSpec{K::kHello, "cordyna.server.hello.v1", D::kToCerebro, 1, &kHelloData,
                "The first message of a session: who it is, and what it can do."},
    MessageSpec{K::kWelcome, "cordyna.server.welcome.v1", D::kToServer, 1, &kWelcomeData,
                "The session is there, and these are its rules."},
    MessageSpec{K::kDeclare, "cordyna.server.declare.v1", D::kToCerebro, 1, &kDeclareData,
                "The tasks that the server owns, all of them."},
    MessageSpec{K::kDeclared, "cordyna.server.declared.v1", D::kToServer, 1, &kDeclaredData,
                "Which of them are taken; the good ones are, whatever the others are."},
    MessageSpec{K::kHeartbeat, "cordyna.server.heartbeat.v1", D::kToCerebro, 1, &kHeartbeatData,
                "The server lives, and this is what it is at."},
    MessageSpec{K::kLease, "cordyna.server.lease.v1", D::kToServer, 1, &kLeaseData,
                "The answer to a heartbeat: how long the session is good for."},
    MessageSpec{K::kGoodbye, "cordyna.server.goodbye.v1", D::kBoth, 1, &kGoodbyeData,
                "The session ends, and why."},
    MessageSpec{K::kReceipt, "cordyna.message.receipt.v1", D::kBoth, 1, &kReceiptData,
                "What is kept for good: it need not be sent again."},
    MessageSpec{K::kRejected, "cordyna.task.rejected.v1", D::kToCerebro, 1, &kRejectedData,
                "The attempt is not accepted; it spends no retry, unless its inputs are wrong."},
    MessageSpec{K::kProgress, "cordyna.task.progress.v1", D::kToCerebro, 1, &kProgressData,
                "How far it is. Extends no deadline, and may be lost."},
    MessageSpec{K::kLog, "cordyna.task.log.v1", D::kToCerebro, 1, &kLogData,
                "Output of the attempt. May be lost; a gap is seen by the offset."},
    MessageSpec{K::kCancel, "cordyna.task.cancel.v1", D::kToServer, 1, &kCancelData,
                "End this attempt."},
    MessageSpec{K::kCancelled, "cordyna.task.cancelled.v1", D::kToCerebro, 1, &kCancelledData,
                "The attempt does not run any more: the proof of it."},
    MessageSpec{K::kFenced, "cordyna.task.fenced.v1", D::kToServer, 1, &kFencedData,
                "The attempt is no longer the task's: stop, and forget its result."},
    MessageSpec{K::kProblem, "cordyna.message.problem.v1", D::kBoth, 1, &kProblemData,
                "A message was not understood."},
    MessageSpec{K::kResume, "cordyna.server.resume.v1", D::kToCerebro, 2, &kResumeData,
                "What the server still has, after a reconnect or a reboot."},
    MessageSpec{K::kResumed, "cordyna.server.resumed.v1", D::kToServer, 2, &kResumedData,
                "What becomes of each of these."},
    MessageSpec{K::kExtend, "cordyna.task.extend.v1", D::kToCerebro, 2, &kExtendData,
                "More time is asked for, within what the task declares."},
    MessageSpec{K::kExtended, "cordyna.task.extended.v1", D::kToServer, 2, &kExtendedData,
                "The answer: how much there is now."},
    MessageSpec{K::kDraining, "cordyna.server.draining.v1", D::kToCerebro, 2, &kDrainingData,
                "The server takes nothing new, and ends what it has."},
    MessageSpec{K::kDrain, "cordyna.server.drain.v1", D::kToServer, 2, &kDrainData,
                "The server is asked to do so."},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kMessages.size(); ++i) {
    if (static_cast<std::size_t>(kMessages[i].kind) != i) return false;
  }
  return true;
}
static_assert(is_in_order());

}  // namespace

std::span<const MessageSpec> messages() {
  return kMessages;
}

const MessageSpec& message_spec(MessageKind kind) {
  return kMessages.at(static_cast<std::size_t>(kind));
}

const MessageSpec* find_message(std::string_view type) {
  const auto* const found = std::ranges::find(kMessages, type, &MessageSpec::type);
  return found == kMessages.end() ? nullptr : found;
}

}  // namespace cordyna::protocol
