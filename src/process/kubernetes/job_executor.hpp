/// Runs attempts as Jobs of clusters: an Executor without a process for each attempt.
///
/// A Job lives in its cluster, whatever becomes of us, so nothing of this machine has to watch over
/// it: one watch tells of all Jobs of a namespace, and a few threads do what is to be done
/// (decision 58). The destructor leaves Jobs to their clusters; another executor of the same state
/// folder adopts them. Threads: as Executor says.
#pragma once

#include <memory>

#include "kubernetes/access.hpp"
#include "model/layout.hpp"
#include "model/log_format.hpp"
#include "ports/clock.hpp"
#include "ports/executor.hpp"
#include "ports/secrets.hpp"

namespace cordyna {

struct KubernetesSettings {
  kubernetes::Variable variable;             ///< of the environment: KUBECONFIG, DYNA_KUBERNETES_…
  std::size_t log_bytes_max = kLogBytesMax;  ///< of one attempt
  Millis away_max = 600'000;                 ///< that a cluster may be away before a Job is there
};

class KubernetesJobs final : public Executor {
 public:
  /// Borrows the secrets and the clock. The layout's folder is absolute and exists.
  KubernetesJobs(const StateLayout& layout, KubernetesSettings settings, const Secrets& secrets,
                 const Clock& clock, ReportSink sink);
  ~KubernetesJobs() override;
  KubernetesJobs(const KubernetesJobs&) = delete;
  KubernetesJobs& operator=(const KubernetesJobs&) = delete;

  void start(const StartAttempt& command) override;
  void cancel(const CancelAttempt& command) override;
  void adopt(const StartAttempt& command) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna
