package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * Products by cuBLAS as tasks of a graph, within the array of floats: what TornadoVM's own cuBLAS tasks cannot do, since they
 * take whole arrays. TornadoVM finds it through {@code META-INF/services}, so on the class path only.
 *
 * <p>{@code -Dricci.gpu.blas=true} asks for it, {@code tf32} for operands rounded to TF32 as well; without it, or off the CUDA
 * backend, or where the library is missing, the kernels multiply. A row's bits depend on the number of rows then.
 */
@SuppressWarnings("exports")
public final class BlasProvider implements TornadoLibraryProvider {
    private static final String NAME = "ricci/blas";

    /** Made by the service loader. */
    public BlasProvider() {
    }

    /** Whether the device and the library are there. */
    static boolean isThere() {
        return TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice() instanceof TornadoNativeStreamSupport
                && CuBlas.isLoadable();
    }

    /**
     * The task for a launch of which {@link BlasCall#of(Launch)} makes one.
     *
     * @param p the launch's ints; the sizes are those of the first execution where a graph is captured
     */
    static LibraryTaskDescriptor task(FloatArray floats, IntArray p) {
        return new LibraryTaskDescriptor().withLibrary(NAME).withFunction("multiply")
                .withParameters(new Object[] {floats, p}).withAccess(new Access[] {Access.READ_WRITE, Access.READ_ONLY});
    }

    @Override
    public String libraryName() {
        return NAME;
    }

    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return device instanceof TornadoNativeStreamSupport;
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
        return new CuBlas(((TornadoNativeStreamSupport) device).getNativeStream(executionPlanId), BlasCall.MODE.equals("tf32"));
    }

    @Override
    public void dispatch(String function, LibraryInvocation call) {
        int[] p = ((IntArray) call.getArg(1)).toHeapArray();
        ((CuBlas) call.getContext()).multiply(BlasCall.of(p), call.getDevicePointer(0));
    }

    @Override
    public void destroyContext(LibraryContext context) {
        ((CuBlas) context).close();
    }
}
