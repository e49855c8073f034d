import CEGL
import Foundation
import MuJoCo

/// An OpenGL context without a window, over EGL. No X server is needed.
final class HeadlessContext {
  private let display: Display
  private let surface: EGLSurface
  private let context: EGLContext

  init() throws {
    display = try Display.shared.get()
    // EGL keeps the choice of the API for each thread separately.
    eglBindAPI(EGLenum(EGL_OPENGL_API))
    // MuJoCo draws into buffers of its own; the surface is only for drivers that require one.
    let surface = eglCreatePbufferSurface(
      display.handle, display.config, [EGL_WIDTH, 16, EGL_HEIGHT, 16, EGL_NONE])
    guard let surface else {
      throw MuJoCoError.noGraphics(reason: "EGL could not create a surface (\(Self.errorCode))")
    }
    // Without attributes EGL gives the newest context that still has the old functions MuJoCo uses.
    let context = eglCreateContext(display.handle, display.config, nil, nil)
    guard let context else {
      eglDestroySurface(display.handle, surface)
      throw MuJoCoError.noGraphics(
        reason: "EGL could not create an OpenGL context (\(Self.errorCode))")
    }
    self.surface = surface
    self.context = context
  }

  deinit {
    if eglGetCurrentContext() == context { release() }
    eglDestroyContext(display.handle, context)
    eglDestroySurface(display.handle, surface)
  }

  /// Makes this the current context of the calling thread while `body` runs.
  func withCurrent<Result>(_ body: () throws -> Result) throws -> Result {
    eglBindAPI(EGLenum(EGL_OPENGL_API))
    guard eglMakeCurrent(display.handle, surface, surface, context) == EGL_TRUE else {
      throw MuJoCoError.noGraphics(
        reason: "the OpenGL context can't be used (\(Self.errorCode)); is another thread using it?")
    }
    // A context that stays current can't be used by the next thread.
    defer { release() }
    return try body()
  }

  private func release() {
    eglMakeCurrent(display.handle, nil, nil, nil)
  }

  static var errorCode: String { "EGL error 0x" + String(eglGetError(), radix: 16) }
}

/// A connection to the OpenGL driver. The process shares one, because EGL does: terminating a
/// connection would end all contexts in the process.
private struct Display: @unchecked Sendable {
  let handle: EGLDisplay
  let config: EGLConfig

  static let shared: Result<Display, MuJoCoError> = open()

  /// Opens the first platform that has OpenGL: surfaceless (Mesa), a device, or the default one.
  private static func open() -> Result<Display, MuJoCoError> {
    let extensions = eglQueryString(nil, EGL_EXTENSIONS).map { String(cString: $0) } ?? ""
    var candidates: [() -> EGLDisplay?] = []
    if extensions.contains("EGL_MESA_platform_surfaceless") {
      candidates.append { platformDisplay(EGL_PLATFORM_SURFACELESS_MESA, nil) }
    }
    if extensions.contains("EGL_EXT_platform_device") {
      for device in devices() {
        candidates.append { platformDisplay(EGL_PLATFORM_DEVICE_EXT, device) }
      }
    }
    candidates.append { eglGetDisplay(nil) }

    for candidate in candidates {
      guard let handle = candidate(), eglInitialize(handle, nil, nil) == EGL_TRUE else { continue }
      if let config = chooseConfig(handle) {
        return .success(Display(handle: handle, config: config))
      }
      eglTerminate(handle)
    }
    return .failure(
      .noGraphics(
        reason: "EGL found no driver; install Mesa: the packages libegl1 and libgl1-mesa-dri"))
  }

  private static func chooseConfig(_ display: EGLDisplay) -> EGLConfig? {
    let attributes: [EGLint] = [
      EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_RED_SIZE, 8,
      EGL_GREEN_SIZE, 8, EGL_BLUE_SIZE, 8, EGL_DEPTH_SIZE, 24, EGL_STENCIL_SIZE, 8, EGL_NONE,
    ]
    var (config, count): (EGLConfig?, EGLint) = (nil, 0)
    guard eglChooseConfig(display, attributes, &config, 1, &count) == EGL_TRUE, count > 0 else {
      return nil
    }
    return config
  }

  private typealias GetPlatformDisplay =
    @convention(c) (EGLenum, UnsafeMutableRawPointer?, UnsafePointer<EGLint>?) -> EGLDisplay?
  private typealias QueryDevices =
    @convention(c) (EGLint, UnsafeMutablePointer<EGLDeviceEXT?>?, UnsafeMutablePointer<EGLint>?)
    -> EGLBoolean

  private static func platformDisplay(_ platform: Int32, _ device: EGLDeviceEXT?) -> EGLDisplay? {
    guard let address = eglGetProcAddress("eglGetPlatformDisplayEXT") else { return nil }
    return unsafeBitCast(address, to: GetPlatformDisplay.self)(EGLenum(platform), device, nil)
  }

  private static func devices() -> [EGLDeviceEXT] {
    guard let address = eglGetProcAddress("eglQueryDevicesEXT") else { return [] }
    let queryDevices = unsafeBitCast(address, to: QueryDevices.self)
    var devices = [EGLDeviceEXT?](repeating: nil, count: 16)
    var count: EGLint = 0
    guard queryDevices(EGLint(devices.count), &devices, &count) == EGL_TRUE else { return [] }
    return devices.prefix(Int(count)).compactMap { $0 }
  }
}
