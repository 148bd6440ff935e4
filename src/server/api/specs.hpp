/// What bodies and answers look like.
#pragma once

#include <array>
#include <string_view>

#include "server/api/route.hpp"

namespace cordyna::server {

inline constexpr std::array<std::string_view, 7> kRunStates{
    "pending", "running", "paused", "completed", "warning", "error", "cancelled"};

inline constexpr std::array<std::string_view, 4> kEventStates{"pending", "run", "dead", "dropped"};

inline constexpr std::array<std::string_view, 7> kNoticeKinds{"failed",   "blocked", "lost", "held",
                                                              "retrying", "late",    "stuck"};
inline constexpr std::array<std::string_view, 4> kChannelTypes{"slack", "webhook", "pagerduty",
                                                               "email"};

inline constexpr std::array<std::string_view, 8> kTriggerTypes{
    "schedule", "webhook", "postgres", "kafka", "flow", "file", "poll", "redis"};

extern const ObjectSpec kAnyObject;
extern const ObjectSpec kProblem;
extern const ObjectSpec kFlaw;
extern const ObjectSpec kTaskError;
extern const ObjectSpec kParent;
extern const ObjectSpec kRun;
extern const ObjectSpec kRuns;
extern const ObjectSpec kTask;
extern const ObjectSpec kHold;
extern const ObjectSpec kTasks;
extern const ObjectSpec kAttempt;
extern const ObjectSpec kAttempts;
extern const ObjectSpec kUpdate;
extern const ObjectSpec kHistoryPage;
extern const ObjectSpec kBlocker;
extern const ObjectSpec kWhy;
extern const ObjectSpec kLine;
extern const ObjectSpec kLog;
extern const ObjectSpec kReport;
extern const ObjectSpec kRunFlow;
extern const ObjectSpec kStart;
extern const ObjectSpec kStarted;
extern const ObjectSpec kRerun;
extern const ObjectSpec kRerunPlan;
extern const ObjectSpec kDecision;
extern const ObjectSpec kFlowRow;
extern const ObjectSpec kFlow;
extern const ObjectSpec kFlowSwitch;
extern const ObjectSpec kFlows;
extern const ObjectSpec kVersion;
extern const ObjectSpec kVersions;
extern const ObjectSpec kFlowFile;
extern const ObjectSpec kDiagnostic;
extern const ObjectSpec kValidated;
extern const ObjectSpec kApply;
extern const ObjectSpec kPlanned;
extern const ObjectSpec kApplied;
extern const ObjectSpec kDue;
extern const ObjectSpec kNextTimes;
extern const ObjectSpec kTick;
extern const ObjectSpec kTicks;
extern const ObjectSpec kBackfill;
extern const ObjectSpec kBackfills;
extern const ObjectSpec kSteer;
extern const ObjectSpec kSteered;
extern const ObjectSpec kAccepted;
extern const ObjectSpec kTrigger;
extern const ObjectSpec kTriggers;
extern const ObjectSpec kInput;
extern const ObjectSpec kInputs;
extern const ObjectSpec kTaskServer;
extern const ObjectSpec kTaskServers;
extern const ObjectSpec kInFlight;
extern const ObjectSpec kMessage;
extern const ObjectSpec kMessages;
extern const ObjectSpec kPlannedRun;
extern const ObjectSpec kRunPlan;
extern const ObjectSpec kEvent;
extern const ObjectSpec kEvents;
extern const ObjectSpec kSettle;
extern const ObjectSpec kSettled;
extern const ObjectSpec kBackfillInput;
extern const ObjectSpec kBackfillWish;
extern const ObjectSpec kBackfillTime;
extern const ObjectSpec kBegun;
extern const ObjectSpec kPartChanges;
extern const ObjectSpec kFlowDiff;
extern const ObjectSpec kNamespace;
extern const ObjectSpec kNamespaces;
extern const ObjectSpec kNotice;
extern const ObjectSpec kNotices;
extern const ObjectSpec kAlert;
extern const ObjectSpec kChannel;
extern const ObjectSpec kAlerts;
extern const ObjectSpec kGitCommit;
extern const ObjectSpec kGitFlaw;
extern const ObjectSpec kGitPlace;
extern const ObjectSpec kGitFollowing;
extern const ObjectSpec kGit;
extern const ObjectSpec kGitSync;
extern const ObjectSpec kGitPush;
extern const ObjectSpec kArtifact;
extern const ObjectSpec kArtifacts;
extern const ObjectSpec kHolder;
extern const ObjectSpec kRate;
extern const ObjectSpec kPool;
extern const ObjectSpec kPools;
extern const ObjectSpec kPlace;
extern const ObjectSpec kPlaces;
extern const ObjectSpec kSecret;
extern const ObjectSpec kSecrets;
extern const ObjectSpec kSecretValue;
extern const ObjectSpec kGrant;
extern const ObjectSpec kUser;
extern const ObjectSpec kUsers;
extern const ObjectSpec kUserChange;
extern const ObjectSpec kToken;
extern const ObjectSpec kNewToken;
extern const ObjectSpec kTokens;
extern const ObjectSpec kTokenWish;
extern const ObjectSpec kLogin;
extern const ObjectSpec kSession;
extern const ObjectSpec kMe;
extern const ObjectSpec kAuditRow;
extern const ObjectSpec kAuditPage;
extern const ObjectSpec kAuditCheck;

}  // namespace cordyna::server
