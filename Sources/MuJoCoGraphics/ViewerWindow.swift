import CGLFW
import CMuJoCo
import Foundation
import Imaging
import MuJoCo

/// A window that shows a simulation. It must be used on the main thread only.
///
/// The mouse moves the camera: the left button rotates, the right button shifts, the wheel or the
/// middle button zooms.
public final class ViewerWindow {
  // The scene's buffers belong to the window's context, so the scene must be released first.
  private var scene: Scene?
  private let handle: OpaquePointer
  private let model: Model
  private let input: Input

  /// Opens a window.
  ///
  /// - Parameters:
  ///   - model: the model whose simulations are shown.
  ///   - title: the window's title.
  ///   - width: the window's width in screen units.
  ///   - height: the window's height in screen units.
  ///   - samples: samples per pixel for smooth edges.
  /// - Throws: `MuJoCoError.noGraphics` if there is no display or no OpenGL;
  ///   `MuJoCoError.internalError`.
  public init(
    model: Model, title: String, width: Int = 1200, height: Int = 800, samples: Int = 4
  ) throws {
    precondition(Thread.isMainThread, "windows belong to the main thread")
    guard glfwInit() == GLFW_TRUE else { throw Self.failure("no window can be opened") }
    glfwDefaultWindowHints()
    glfwWindowHint(GLFW_SAMPLES, Int32(samples))
    glfwWindowHint(GLFW_DEPTH_BITS, 24)
    guard let handle = glfwCreateWindow(Int32(width), Int32(height), title, nil, nil) else {
      throw Self.failure("the window cannot be opened")
    }
    self.handle = handle
    self.model = model
    input = Input()
    var scale: Float = 1
    glfwGetWindowContentScale(handle, &scale, nil)
    let fontScale = 50 * min(6, max(2, Int((2 * scale).rounded())))
    scene = try Self.withCurrent(handle) {
      // Wait for the screen's refresh; if the driver does not, the caller controls the speed.
      glfwSwapInterval(1)
      // Nothing is drawn off the screen, so the off-screen buffer can be tiny.
      return try Scene(model: model, width: 16, height: 16, samples: 0, fontScale: fontScale)
    }
    input.attach(to: handle)
  }

  deinit {
    Self.withCurrent(handle) { scene = nil }
    glfwDestroyWindow(handle)
  }

  /// Whether the user has asked to close the window.
  public var isClosed: Bool { glfwWindowShouldClose(handle) == GLFW_TRUE }

  /// Processes the user's input: moves `camera` by the mouse and returns the keys pressed since the
  /// last call, in order.
  public func pollEvents(moving camera: inout Camera) -> [KeyEvent] {
    glfwPollEvents()
    let (motions, events) = (input.motions, input.keys)
    input.motions = []
    input.keys = []
    for motion in motions { scene!.move(&camera, by: motion) }
    return events
  }

  /// The keys that are held down now.
  public var heldKeys: Set<Key> { input.held }

  /// Whether Shift is held down now.
  public var isShifted: Bool {
    glfwGetKey(handle, GLFW_KEY_LEFT_SHIFT) == GLFW_PRESS
      || glfwGetKey(handle, GLFW_KEY_RIGHT_SHIFT) == GLFW_PRESS
  }

  /// Shows the current state of `simulation`, with markers and text.
  ///
  /// - Parameters:
  ///   - simulation: a simulation of the window's model.
  ///   - camera: the camera that shows the world.
  ///   - markers: shapes that are drawn in addition to the world.
  ///   - overlays: text that is drawn over the picture.
  ///   - capturing: whether to return the picture, with its text, as an image.
  /// - Throws: `MuJoCoError.unknownName` if the camera names something that does not exist;
  ///   `MuJoCoError.internalError`.
  @discardableResult
  public func draw(
    _ simulation: Simulation, camera: Camera, markers: [Marker] = [], overlays: [Overlay] = [],
    capturing: Bool = false
  ) throws -> Image? {
    var (width, height): (Int32, Int32) = (0, 0)
    glfwGetFramebufferSize(handle, &width, &height)
    // The window is minimised.
    if width < 1 || height < 1 { return nil }
    let viewport = mjrRect(left: 0, bottom: 0, width: width, height: height)
    let scene = scene!
    return try Self.withCurrent(handle) {
      guard cmj_setBuffer(Int32(mjFB_WINDOW.rawValue), scene.context) == CMJ_OK else {
        throw Simulation.failure(of: model, in: "mjr_setBuffer")
      }
      try scene.draw(simulation, camera: camera, markers: markers, viewport: viewport)
      for overlay in overlays { scene.draw(overlay, viewport: viewport) }
      let image = capturing ? try scene.readImage(viewport) : nil
      glfwSwapBuffers(handle)
      return image
    }
  }

  /// Makes the window's context current only while `body` runs: a context that stays current would
  /// be in the way of a ``Renderer`` on the same thread.
  private static func withCurrent<Result>(
    _ handle: OpaquePointer, _ body: () throws -> Result
  ) rethrows -> Result {
    glfwMakeContextCurrent(handle)
    defer { glfwMakeContextCurrent(nil) }
    return try body()
  }

  private static func failure(_ what: String) -> MuJoCoError {
    var message: UnsafePointer<CChar>?
    glfwGetError(&message)
    let reason = message.map { ": " + MuJoCoError.oneLine($0) } ?? ""
    return .noGraphics(reason: "\(what)\(reason); run it where there is a display")
  }
}

/// The user's input that has not been asked for yet.
private final class Input {
  var keys: [KeyEvent] = []
  var held: Set<Key> = []
  var motions: [CameraMotion] = []
  private var cursor = (x: 0.0, y: 0.0)

  /// GLFW calls plain C functions, which find this object through the window's user pointer. The
  /// window owns this object and outlives the callbacks.
  func attach(to window: OpaquePointer) {
    glfwSetWindowUserPointer(window, Unmanaged.passUnretained(self).toOpaque())
    var (x, y) = (0.0, 0.0)
    glfwGetCursorPos(window, &x, &y)
    cursor = (x, y)
    glfwSetKeyCallback(window) { window, code, _, action, modifiers in
      guard let key = Key(code: code) else { return }
      Input.of(window).key(
        key, action: action, isShifted: modifiers & GLFW_MOD_SHIFT != 0)
    }
    glfwSetCursorPosCallback(window) { window, x, y in
      Input.of(window).moveCursor(in: window!, x: x, y: y)
    }
    glfwSetScrollCallback(window) { window, _, offset in
      // One notch of the wheel counts as a movement by a twentieth of the window's height.
      Input.of(window).motions.append(CameraMotion(action: mjMOUSE_ZOOM, x: 0, y: -offset / 20))
    }
    glfwSetWindowFocusCallback(window) { window, isFocused in
      // After a change of focus, the release of a held key is reported to another window.
      if isFocused == GLFW_FALSE { Input.of(window).held = [] }
    }
  }

  private static func of(_ window: OpaquePointer?) -> Input {
    Unmanaged.fromOpaque(glfwGetWindowUserPointer(window)).takeUnretainedValue()
  }

  private func key(_ key: Key, action: Int32, isShifted: Bool) {
    if action == GLFW_RELEASE {
      held.remove(key)
    } else {
      held.insert(key)
      keys.append(KeyEvent(key, isShifted: isShifted, isRepeat: action == GLFW_REPEAT))
    }
  }

  private func moveCursor(in window: OpaquePointer, x: Double, y: Double) {
    let (byX, byY) = (x - cursor.x, y - cursor.y)
    cursor = (x, y)
    func isPressed(_ button: Int32) -> Bool { glfwGetMouseButton(window, button) == GLFW_PRESS }
    let isShifted = glfwGetKey(window, GLFW_KEY_LEFT_SHIFT) == GLFW_PRESS
    let action: mjtMouse
    if isPressed(GLFW_MOUSE_BUTTON_LEFT) {
      action = isShifted ? mjMOUSE_ROTATE_H : mjMOUSE_ROTATE_V
    } else if isPressed(GLFW_MOUSE_BUTTON_RIGHT) {
      action = isShifted ? mjMOUSE_MOVE_V : mjMOUSE_MOVE_H
    } else if isPressed(GLFW_MOUSE_BUTTON_MIDDLE) {
      action = mjMOUSE_ZOOM
    } else {
      return
    }
    var height: Int32 = 0
    glfwGetWindowSize(window, nil, &height)
    let unit = Double(max(1, height))
    motions.append(CameraMotion(action: action, x: byX / unit, y: byY / unit))
  }
}

/// A movement of the mouse, measured in heights of the window, and its effect on the camera.
struct CameraMotion {
  var action: mjtMouse
  var x: Double
  var y: Double
}
