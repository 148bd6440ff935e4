/// The shapes of the messages' data. Internal to this folder.
#pragma once

#include <array>
#include <string_view>

#include "shape/shape.hpp"

namespace cordyna::protocol {

// Words of a declaration, in the order of the values that they stand for.
inline constexpr std::array<std::string_view, 3> kCatchUps{"all", "latest", "none"};
inline constexpr std::array<std::string_view, 3> kOverlaps{"forbid", "allow", "replace"};
inline constexpr std::array<std::string_view, 3> kBackoffs{"constant", "exponential", "random"};

extern const shape::ObjectSpec kReadyData;
extern const shape::ObjectSpec kInvokeData;
extern const shape::ObjectSpec kQueuedData;
extern const shape::ObjectSpec kStartedData;
extern const shape::ObjectSpec kCompletedData;
extern const shape::ObjectSpec kErrorData;
extern const shape::ObjectSpec kHelloData;
extern const shape::ObjectSpec kWelcomeData;
extern const shape::ObjectSpec kDeclareData;
extern const shape::ObjectSpec kDeclaredData;
extern const shape::ObjectSpec kHeartbeatData;
extern const shape::ObjectSpec kLeaseData;
extern const shape::ObjectSpec kGoodbyeData;
extern const shape::ObjectSpec kReceiptData;
extern const shape::ObjectSpec kRejectedData;
extern const shape::ObjectSpec kProgressData;
extern const shape::ObjectSpec kLogData;
extern const shape::ObjectSpec kCancelData;
extern const shape::ObjectSpec kCancelledData;
extern const shape::ObjectSpec kFencedData;
extern const shape::ObjectSpec kProblemData;
extern const shape::ObjectSpec kResumeData;
extern const shape::ObjectSpec kResumedData;
extern const shape::ObjectSpec kExtendData;
extern const shape::ObjectSpec kExtendedData;
extern const shape::ObjectSpec kDrainingData;
extern const shape::ObjectSpec kDrainData;

}  // namespace cordyna::protocol
