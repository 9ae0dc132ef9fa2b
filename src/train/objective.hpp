#pragma once

#include "exact_sums.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <torch/nn/module.h>

namespace tessera::train {

/// Names and values in the order in which they are shown.
using Metrics = std::vector<std::pair<std::string, double>>;

/// The value of that name; NaN when there is none.
double metric(Metrics const& metrics, std::string_view name);

/// What a micro-batch's losses are divided by (masked tokens, sequences, ..).
using Counts = std::vector<std::int64_t>;

/// True when the run is to be saved and left.
using Stop = std::function<bool()>;

/// What is learnt: a model, its data and its loss. The trainer brings the loop. Losses are sums
/// over a micro-batch divided by counts of the whole step, so that no number of ranks or
/// micro-batches changes what is minimised.
class Objective {
  public:
    virtual ~Objective() = default;

    virtual torch::nn::Module& module() = 0;

    /// Makes ready this rank's micro-batches of a step; their counts.
    virtual Counts load(std::int64_t step) = 0;

    /// Of the step that is loaded, on this rank.
    virtual std::size_t micro_batches() const = 0;

    /// [] the share of one micro-batch in the loss of the step, to be differentiated; adds to
    /// `sums`.
    virtual at::Tensor loss(std::size_t micro_batch, Counts const& of_step, ExactSums& sums) = 0;

    /// What is done to a loss before it is differentiated.
    using Scale = std::function<at::Tensor(at::Tensor const& loss)>;

    /// Forward and backward pass of a micro-batch: `scaled` of its `loss`, differentiated.
    virtual void pass(std::size_t micro_batch, Counts const& of_step, ExactSums& sums,
                      Scale const& scaled) {
        scaled(loss(micro_batch, of_step, sums)).backward();
    }

    /// Sums at zero; places 0 and 1 count sequences and tokens.
    virtual ExactSums no_sums() const = 0;

    /// "loss" and what else there is to say of sums that are not empty.
    virtual Metrics metrics(ExactSums const& sums) const = 0;

    /// Floating-point operations of matrix products, forward and backward, that led to the sums; 0:
    /// not known.
    virtual double operations(ExactSums const&) const { return 0; }

    /// Sums over this rank's share of the held-out data, without gradients; over less of it once
    /// `stop`, asked after each micro-batch, says so.
    virtual ExactSums validate(Stop const& stop) = 0;

    /// What the best checkpoint is chosen by, higher is better; none: the last one counts.
    virtual std::optional<double> score(Metrics const& held_out) const = 0;
};

inline constexpr std::size_t sequences_place = 0;
inline constexpr std::size_t tokens_place = 1;

}  // namespace tessera::train
