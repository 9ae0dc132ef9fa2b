#pragma once

#include <cstdint>
#include <utility>

namespace tessera::hdf5 {

/// Owns one HDF5 identifier (hid_t, an int64 since HDF5 1.10). Released without a word on
/// destruction; whoever must know whether that went well closes first.
class Handle {
  public:
    using Release = void (*)(std::int64_t id) noexcept;

    Handle() = default;
    Handle(std::int64_t id, Release release) : id_(id), release_(release) {}
    ~Handle() { reset(); }
    Handle(Handle&& other) noexcept
        : id_(std::exchange(other.id_, -1)), release_(std::exchange(other.release_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
        if (this != &other) {
            reset();
            id_ = std::exchange(other.id_, -1);
            release_ = std::exchange(other.release_, nullptr);
        }
        return *this;
    }
    Handle(Handle const&) = delete;
    Handle& operator=(Handle const&) = delete;

    std::int64_t id() const { return id_; }
    explicit operator bool() const { return id_ >= 0; }

    /// Gives the identifier up: the caller closes it.
    std::int64_t give_up() { return std::exchange(id_, -1); }

  private:
    void reset() noexcept {
        if (id_ >= 0) release_(id_);
        id_ = -1;
    }

    std::int64_t id_ = -1;
    Release release_ = nullptr;
};

}  // namespace tessera::hdf5
