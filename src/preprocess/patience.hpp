#pragma once

#include <thread>

namespace tessera::preprocess {

/// How to wait for another process that shares memory with this one: looks again at once for a
/// while, then lets others have the processor, as the one waited for may need it.
class Patience {
  public:
    void wait() {
        constexpr int at_once = 1000;
        if (waits_ < at_once) {
            ++waits_;
        } else {
            std::this_thread::yield();
        }
    }

  private:
    int waits_ = 0;
};

}  // namespace tessera::preprocess
