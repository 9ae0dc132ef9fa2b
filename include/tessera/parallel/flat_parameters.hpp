#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <torch/torch.h>

namespace tessera::parallel {

/// One parameter of a module inside the flat buffers.
struct FlatEntry {
    std::string name;  ///< as in module.named_parameters()
    std::vector<std::int64_t> shape;
    std::int64_t offset = 0;  ///< elements from the start of the buffer
    std::int64_t count = 0;   ///< elements
    bool decays = false;      ///< takes part in weight decay (matrices, not biases or norms)
    bool trainable = true;    ///< false: frozen, has a value but no gradient
};

/// Lays all parameters of a float32 module, and their gradients, into two flat buffers, so that the
/// optimizer, the gradient norm, zeroing and collectives are one pass each (ZeRO, Rajbhandari 2019,
/// lays memory out the same way).
///
/// Order: [decayed | not decayed | frozen]. Every entry starts on a 64-byte boundary; the gaps hold
/// zeros and stay zero. The parameters of the module become views of `values()` and their gradients
/// views of `gradients()`: autograd adds into them in place, as long as nobody resets the gradients
/// by hand. Freeze (requires_grad) before, move no module between devices after. A tensor
/// registered twice (tied weights) has one entry, under its first name.
class FlatParameters {
  public:
    /// Error(failed) when a parameter is not float32 or not on the CPU or GPU of the first one.
    explicit FlatParameters(torch::nn::Module& module);

    at::Tensor const& values() const { return values_; }        ///< [total] float32
    at::Tensor const& gradients() const { return gradients_; }  ///< [trainable] float32
    std::vector<FlatEntry> const& entries() const { return entries_; }

    std::int64_t decayed() const { return decayed_; }  ///< elements [0, decayed) decay
    std::int64_t trainable() const {
        return trainable_;
    }  ///< elements [0, trainable) have gradients

    void zero_gradients() { gradients_.zero_(); }

    /// The part of a flat buffer laid out as `values()` or `gradients()` that is `entry`, in its
    /// shape.
    static at::Tensor view(at::Tensor const& flat, FlatEntry const& entry);

  private:
    void lay_out(torch::nn::Module& module);
    void adopt(torch::nn::Module& module);

    std::vector<FlatEntry> entries_;
    std::int64_t decayed_ = 0;
    std::int64_t trainable_ = 0;
    std::int64_t total_ = 0;
    at::Tensor values_;
    at::Tensor gradients_;
};

/// The elements of a float32 CPU tensor that lies contiguous in memory.
std::span<float> elements(at::Tensor const& tensor);

}  // namespace tessera::parallel
