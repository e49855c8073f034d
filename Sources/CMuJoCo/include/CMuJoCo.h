#pragma once
#include <mujoco/mujoco.h>

// A shim over libmujoco (2.2 and later) for the Swift module MuJoCo.
//
// MuJoCo reports a fatal error by calling `mju_user_error`, which must not return. Every function
// below that can meet such an error sets a jump target first, so that the error ends the call with
// CMJ_FAILED instead of ending the process. Only C and C++ frames of MuJoCo are jumped over: no
// Swift frame lies between the target and the error.

#ifdef __cplusplus
extern "C" {
#endif

enum { CMJ_MESSAGE_SIZE = 1024 };

// The result of a guarded call.
typedef enum { CMJ_OK = 0, CMJ_FAILED = 1 } cmj_result;

// The message of the calling thread's last failed call ("" if there was none).
const char* cmj_errorMessage(void);

// The text of the last warning that MuJoCo raised on the calling thread since the last call of
// cmj_clearWarning ("" if there was none). Warnings are never written to MUJOCO_LOG.TXT.
const char* cmj_warningMessage(void);
void cmj_clearWarning(void);

// Loads a model from a file. If the model is refused, returns NULL, and cmj_errorMessage returns
// MuJoCo's message. A message that comes with a model is a warning, which cmj_warningMessage
// returns.
mjModel* cmj_loadModelFile(const char* path);

// Files in memory: a model's text and the files to which it refers. Each file is copied. Names are
// plain file names of at most CMJ_FILE_NAME_SIZE bytes. They must differ even without regard to
// case, because older versions compare them so. If cmj_addFile fails, it sets a message.
typedef struct cmj_files cmj_files;
enum { CMJ_FILE_NAME_SIZE = 80 };
cmj_files* cmj_makeFiles(void);
cmj_result cmj_addFile(cmj_files* files, const char* name, const void* bytes, int length);
void cmj_deleteFiles(cmj_files* files);

// Loads the model whose text is the file `name` among `files`, as cmj_loadModelFile does.
mjModel* cmj_loadModelFiles(const cmj_files* files, const char* name);

// Calls `visit` with every part of a model that decides how its world moves, in the order of
// mjModel: sizes, options, and arrays of `rows` rows of `columns` numbers of `type` ('i' int, 'f'
// float, 'l' long, 'd' mjtNum, 'b' byte). Parts that affect only looks or names are left out. The
// order and the names are those of the linked version.
typedef void (*cmj_visitor)(void* context, const char* name, char type, const void* numbers,
                            long rows, long columns);
void cmj_visitPhysics(const mjModel* model, cmj_visitor visit, void* context);

// The compiled model as MuJoCo's own binary file (MJB): its size, and its bytes.
int cmj_modelSize(const mjModel* model);
cmj_result cmj_saveModel(const mjModel* model, void* bytes, int length);

// Whether MuJoCo looks for contacts between all geoms whose bits allow it, and not only between the
// pairs that the model names.
int cmj_testsGeoms(const mjModel* model);

// mj_makeData; NULL if it fails.
mjData* cmj_makeData(const mjModel* model);

// `count` calls of mj_step. The warning counters keep their counts even if MuJoCo meets an
// instability and resets the data, and the counters with it.
cmj_result cmj_step(const mjModel* model, mjData* data, int count);

cmj_result cmj_forward(const mjModel* model, mjData* data);

// Normalises the quaternions in qpos to length 1. To be called after cmj_forward, which does this
// itself only up to version 2.
void cmj_normalizeQuaternions(const mjModel* model, mjData* data);

cmj_result cmj_reset(const mjModel* model, mjData* data);
cmj_result cmj_resetToKeyframe(const mjModel* model, mjData* data, int keyframe);

// Computes only the positions that a picture needs: frames of bodies, geoms, sites, cameras and
// lights, the vertices of deformable bodies, and the paths of tendons.
cmj_result cmj_updatePose(const mjModel* model, mjData* data);

// The kinds of warnings, numbered as MuJoCo did up to 3.6.
enum { CMJ_WARNING_KINDS = 8 };

// How often a warning of kind `kind` (below CMJ_WARNING_KINDS) was raised, and a function to set
// this count. A kind that this version does not have is never raised.
int cmj_warningCount(const mjData* data, int kind);
void cmj_setWarningCount(mjData* data, int kind, int count);

// MuJoCo's text for a warning of kind `kind`, with the details of the last such warning.
const char* cmj_warningText(const mjData* data, int kind);

// The number of actuators; from 3.11 on an actuator may take several controls.
int cmj_actuatorCount(const mjModel* model);
// The actuator to which a control belongs, and the first control of an actuator.
int cmj_actuatorOfControl(const mjModel* model, int control);
int cmj_firstControl(const mjModel* model, int actuator);

// The address of an actuator's first activation; -1 if it has none.
int cmj_actuatorActivation(const mjModel* model, int actuator);

// The number of deformable bodies; versions before 3 have none.
int cmj_flexCount(const mjModel* model);

// MJCF's name for a sensor of this type; NULL for a type that is not known here.
const char* cmj_sensorType(int type);

// Returns whether a joint limits the total force of its actuators, and writes the limits to
// `range`; versions before 3 have no such limits.
int cmj_jointForceRange(const mjModel* model, int joint, double range[2]);

// The part of the state that a bit-identical continuation needs and that has no field of its own
// here: active equality constraints, histories of delayed actuators, the state of plugins. Versions
// before 3 have none.
int cmj_otherStateSize(const mjModel* model);
void cmj_getOtherState(const mjModel* model, const mjData* data, double* state);
void cmj_setOtherState(const mjModel* model, mjData* data, const double* state);

// Drawing. All these functions need a current OpenGL context.
cmj_result cmj_makeScene(const mjModel* model, mjvScene* scene, int geomCapacity);
cmj_result cmj_makeContext(const mjModel* model, mjrContext* context, int fontScale);
cmj_result cmj_updateScene(const mjModel* model, mjData* data, const mjvOption* option,
                           mjvCamera* camera, mjvScene* scene);
void cmj_moveCamera(const mjModel* model, int action, double x, double y, const mjvScene* scene,
                    mjvCamera* camera);
cmj_result cmj_render(mjrRect viewport, mjvScene* scene, const mjrContext* context);
cmj_result cmj_setBuffer(int buffer, mjrContext* context);
cmj_result cmj_readPixels(unsigned char* rgb, float* depth, mjrRect viewport,
                          const mjrContext* context);

// Adds a geom to the scene; returns 0 if the scene is full.
// cmj_addConnector makes the geom reach from one point to another.
int cmj_addGeom(mjvScene* scene, int type, const double size[3], const double position[3],
                const double rotation[9], const float rgba[4], float emission);
int cmj_addConnector(mjvScene* scene, int type, double width, const double from[3],
                     const double to[3], const float rgba[4], float emission);

#ifdef __cplusplus
}
#endif
