// Makes an allocation of our extension fail: preloaded by tests/fuzz/test_allocation.py.
//
// Counted are the calls of operator new out of the extension, in all threads. Not those of numpy, which may die of them
// (2.4.6 does, in indexing and casting), nor of the rest of the process.
#include <dlfcn.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

std::atomic<long> countdown{0};  // the allocation at which it gets to 0 fails
std::atomic<bool> armed{false};

bool is_ours(const void* caller) {
  Dl_info info;
  return dladdr(caller, &info) && info.dli_fname && std::strstr(info.dli_fname, "/_ext.");
}

bool fails(const void* caller) { return armed.load() && is_ours(caller) && --countdown == 0; }

void* allocate(std::size_t size, const void* caller) {
  void* memory = fails(caller) ? nullptr : std::malloc(size);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

extern "C" {

// The n-th allocation from now on fails; with 0, none.
void fail_alloc(long n) {
  countdown = n;
  armed = true;
}

// Ends that; how many there were since fail_alloc(0).
long fail_alloc_stop() {
  armed = false;
  return -countdown.load();
}
}

void* operator new(std::size_t size) { return allocate(size, __builtin_return_address(0)); }
void* operator new[](std::size_t size) { return allocate(size, __builtin_return_address(0)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  void* memory = nullptr;
  if (fails(__builtin_return_address(0)) || posix_memalign(&memory, static_cast<std::size_t>(alignment), size))
    throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
