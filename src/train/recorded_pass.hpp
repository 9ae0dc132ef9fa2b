#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include <tessera/batch/batch.hpp>
#include <tessera/device/work_graph.hpp>

namespace tessera::train {

/// Forward and backward pass of a micro-batch, which a device records once and then replays. The
/// first passes are launched one by one, since libraries set themselves up in them; so are those of
/// batches of another shape. What is recorded is held against the same pass launched once more, and
/// left again when it gives other gradients: nobody has run this on a GPU so far.
class RecordedPass {
  public:
    /// Queues both passes: adds to the gradients, and gives values [n] of which a copy is read
    /// later. Of what differs from pass to pass it may read the tensors of the batch and `factors`.
    using Pass =
        std::function<at::Tensor(batch::PretrainBatch const& batch, at::Tensor const& factors)>;

    /// `graph` null: every pass is launched. `gradients`: all that `pass` adds to.
    RecordedPass(std::unique_ptr<device::WorkGraph> graph, Pass pass,
                 std::vector<at::Tensor> gradients);

    /// The values of `pass`, queued for this batch.
    at::Tensor run(batch::PretrainBatch const& batch, at::Tensor const& factors);

    /// True while passes are replayed.
    bool replays() const { return recorded_; }

  private:
    at::Tensor record(batch::PretrainBatch const& batch, at::Tensor const& factors);
    at::Tensor with_gradients(batch::PretrainBatch const& batch, at::Tensor const& factors);
    bool recorded_like(std::vector<at::Tensor> const& before,
                       std::vector<at::Tensor> const& launched);
    void give_up(std::string_view reason);

    std::unique_ptr<device::WorkGraph> graph_;
    Pass pass_;
    std::vector<at::Tensor> gradients_;
    int launched_ = 0;
    bool recorded_ = false;
    batch::PretrainBatch batch_;  // what the graph reads
    at::Tensor factors_;          // likewise
    at::Tensor values_;           // what it writes
};

}  // namespace tessera::train
