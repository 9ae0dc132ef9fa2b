#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>

#include <tessera/comm/communicator.hpp>

namespace tessera::parallel {

/// The running means and variances of a module's batch norms, the same on any number of ranks.
///
/// A norm left alone mixes in the micro-batches of its own rank, so what it holds depends on how
/// they were dealt out. Here norms only report the statistics of each micro-batch; at the end of a
/// step every rank mixes in those of all ranks, in the order of the global batch, with the norm's
/// momentum: what one rank alone would have got.
///
/// The buffers of the norms become views of one tensor: move no module between devices after.
/// Without batch norms there is nothing to do, and no communication.
class RunningStatistics {
  public:
    /// `micro_batches` of a step on all ranks together. Norms need a momentum, as LibTorch's have
    /// unless told otherwise.
    RunningStatistics(comm::Communicator comm, torch::nn::Module& module,
                      std::int64_t micro_batches);
    ~RunningStatistics();  ///< gives the norms their momentum back
    RunningStatistics(RunningStatistics const&) = delete;
    RunningStatistics& operator=(RunningStatistics const&) = delete;

    /// Before the first pass of a step: from the values in the module as they are now.
    void begin_step();

    /// After the forward pass of micro-batch `index` of the global batch.
    void collect(std::int64_t index);

    /// Mixes in what all ranks collected. `left_out` [] float: unless 0 the step does not count and
    /// the values stay as they were. Collective.
    void end_step(at::Tensor const& left_out);

  private:
    void take_over(torch::nn::BatchNorm1dImpl& norm, std::int64_t offset);

    comm::Communicator comm_;
    std::int64_t micro_batches_;
    std::vector<torch::nn::BatchNorm1dImpl*> norms_;
    std::vector<double> momentums_;  // of each norm
    at::Tensor values_;              // [n] float32: what the norms hold
    at::Tensor before_;              // [n]: of the end of the step before
    at::Tensor counts_before_;       // [norms] int64
    at::Tensor collected_;           // [micro-batches, n]; zeros where another rank's
    at::Tensor momentum_;            // [n]
};

}  // namespace tessera::parallel
