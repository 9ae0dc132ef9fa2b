#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <torch/nn/module.h>

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
///
/// Computing in a half type, the module sees rounded copies of the values and leaves its gradients
/// in that type; `values()` are the master weights, `gradients()` the sum of what was collected
/// (Micikevicius 2018, 3.1).
class FlatParameters {
  public:
    /// `compute`: float32, float16 or bfloat16. Error(failed) when a parameter is not float32 or
    /// not on the CPU or GPU of the first one.
    explicit FlatParameters(torch::nn::Module& module, at::ScalarType compute = at::kFloat);

    at::Tensor const& values() const { return values_; }        ///< [total] float32
    at::Tensor const& gradients() const { return gradients_; }  ///< [trainable] float32
    std::vector<FlatEntry> const& entries() const { return entries_; }

    /// The module's own tensor of an entry, a leaf of its graph.
    at::Tensor const& leaf(std::size_t entry) const { return leaves_[entry]; }

    torch::Device device() const { return values_.device(); }

    /// Makes the module compute with `values()` as they are now; nothing to do in float32.
    void refresh();

    /// Adds elements [begin, end) of what backward passes left since into `gradients()`; nothing to
    /// do in float32, where they add there themselves.
    void collect(std::int64_t begin, std::int64_t end);

    /// From here on the module computes with `values()` themselves, in float32.
    void widen();

    std::int64_t decayed() const { return decayed_; }  ///< elements [0, decayed) decay
    std::int64_t trainable() const {
        return trainable_;
    }  ///< elements [0, trainable) have gradients

    void zero_gradients();

    /// The part of a flat buffer laid out as `values()` or `gradients()` that is `entry`, in its
    /// shape.
    static at::Tensor view(at::Tensor const& flat, FlatEntry const& entry);

  private:
    void lay_out(torch::nn::Module& module);
    void adopt(torch::nn::Module& module, at::ScalarType compute);
    bool computes_in_half() const { return !narrow_values_.is_same(values_); }

    std::vector<FlatEntry> entries_;
    std::vector<at::Tensor> leaves_;  // of each entry
    std::int64_t decayed_ = 0;
    std::int64_t trainable_ = 0;
    std::int64_t total_ = 0;
    at::Tensor values_;
    at::Tensor gradients_;
    at::Tensor narrow_values_;     // what the module sees; values_ in float32
    at::Tensor narrow_gradients_;  // what backward passes add to; gradients_ in float32
};

/// The elements of a float32 CPU tensor that lies contiguous in memory.
std::span<float> elements(at::Tensor const& tensor);

}  // namespace tessera::parallel
